/** Longest frame inside a packet, in bytes (RFC 6716, 3.4 [R2]). */
const LONGEST_FRAME_BYTES = 1275;

/** Longest packet, in tenths of a millisecond ([R5]). */
const LONGEST_PACKET = 1200;

/** Frame length in tenths of a millisecond of each configuration (RFC 6716, table 2). */
const FRAME_LENGTHS = Array.from({ length: 32 }, (_, config) => {
  if (config < 12) {
    return [100, 200, 400, 600][config % 4]!;
  }
  return config < 16 ? [100, 200][config % 2]! : [25, 50, 100, 200][config % 4]!;
});

/** Reads a frame length of one or two bytes; undefined when it is cut off. */
function frameBytes(packet: Uint8Array, at: number): { bytes: number; next: number } | undefined {
  const first = packet[at];
  if (first === undefined || first < 252) {
    return first === undefined ? undefined : { bytes: first, next: at + 1 };
  }
  const second = packet[at + 1];
  return second === undefined ? undefined : { bytes: 4 * second + first, next: at + 2 };
}

/** Reads the padding's length of a code 3 packet: its bytes and where the rest starts. */
function padding(packet: Uint8Array, from: number): { bytes: number; next: number } | undefined {
  let bytes = 0;
  for (let at = from; at < packet.length; at++) {
    const value = packet[at]!;
    bytes += value === 255 ? 254 : value;
    if (value !== 255) {
      return { bytes, next: at + 1 };
    }
  }
  return undefined;
}

/** Says whether frames of one length fit the bytes exactly. */
function equalFramesFit(bytes: number, frames: number): boolean {
  return bytes >= 0 && bytes % frames === 0 && bytes / frames <= LONGEST_FRAME_BYTES;
}

/** Says whether frames that each tell their length, but the last, fit the packet from `from` on, `end` being where padding starts. */
function toldFramesFit(packet: Uint8Array, { from, end, frames }: { from: number; end: number; frames: number }): boolean {
  let at = from;
  let left = end;
  for (let frame = 1; frame < frames; frame++) {
    const length = frameBytes(packet, at);
    if (length === undefined) {
      return false;
    }
    at = length.next;
    left -= length.bytes;
  }
  return left - at >= 0 && left - at <= LONGEST_FRAME_BYTES;
}

/** Number of frames of a packet with any number of frames (code 3), or 0 when it is malformed. */
function codeThreeFrames(packet: Uint8Array): number {
  const head = packet[1] ?? 0;
  const frames = head & 0x3f;
  const padded = (head & 0x40) === 0 ? { bytes: 0, next: 2 } : padding(packet, 2);
  if (frames === 0 || padded === undefined) {
    return 0;
  }
  const end = packet.length - padded.bytes;
  const fits = (head & 0x80) === 0 ? equalFramesFit(end - padded.next, frames) : toldFramesFit(packet, { from: padded.next, end, frames });
  return fits ? frames : 0;
}

function frameCount(packet: Uint8Array): number {
  const bytes = packet.length - 1;
  switch (packet[0]! & 3) {
    case 0: {
      return bytes <= LONGEST_FRAME_BYTES ? 1 : 0;
    }
    case 1: {
      return bytes % 2 === 0 && bytes / 2 <= LONGEST_FRAME_BYTES ? 2 : 0;
    }
    case 2: {
      const first = frameBytes(packet, 1);
      const rest = first === undefined ? -1 : packet.length - first.next - first.bytes;
      return rest >= 0 && rest <= LONGEST_FRAME_BYTES ? 2 : 0;
    }
    default: {
      return codeThreeFrames(packet);
    }
  }
}

/** Returns how many samples an Opus packet stands for at a rate in hertz, or 0 when its framing breaks the rules of RFC 6716, section 3. */
export function opusPacketSamples(packet: Uint8Array, rateHz: number): number {
  if (packet.length === 0) {
    return 0;
  }
  const length = frameCount(packet) * FRAME_LENGTHS[packet[0]! >> 3]!;
  return length <= LONGEST_PACKET ? (length * rateHz) / 10_000 : 0;
}
