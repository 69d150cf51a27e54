/** Bytes of the payload descriptor: flags, extension flags, 15-bit picture number. */
const DESCRIPTOR_BYTES = 4;

/**
 * Cuts one VP8 frame into RTP payloads (RFC 7741) of at most `mostBytes`, all of nearly one size: extended descriptor, one
 * partition, a picture number that rises by one each frame.
 */
export function packetizeVp8(frame: Uint8Array, pictureNumber: number, mostBytes: number): Buffer[] {
  const payloads: Buffer[] = [];
  const packets = Math.ceil(frame.length / (mostBytes - DESCRIPTOR_BYTES));
  const chunkBytes = Math.ceil(frame.length / packets);
  for (let start = 0; start < frame.length; start += chunkBytes) {
    const chunk = frame.subarray(start, start + chunkBytes);
    const payload = Buffer.allocUnsafe(DESCRIPTOR_BYTES + chunk.length);
    payload[0] = start === 0 ? 0x90 : 0x80;
    payload[1] = 0x80;
    payload.writeUInt16BE(0x8000 | (pictureNumber & 0x7fff), 2);
    payload.set(chunk, DESCRIPTOR_BYTES);
    payloads.push(payload);
  }
  return payloads;
}
