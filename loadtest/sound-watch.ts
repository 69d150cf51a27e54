import { OpusDecoder } from 'opus-decoder';

/** Loudness of a packet above which something is heard, root mean square of samples in −1..1. */
export const LOUD = 0.01;

/** How much later than usual a sound may come and still be played: a browser's usual jitter buffer. */
const PLAYOUT_MS = 100;

/** One received Opus packet of 20 ms. */
export interface ReceivedSound {
  readonly atMs: number;
  /** 48 kHz. */
  readonly rtpTimestamp: number;
  /** Root mean square of the decoded samples. */
  readonly loudness: number;
}

/** Decodes a viewer's sound, packet by packet as it arrives, and finds what was missing. */
export class SoundWatch {
  readonly #decoder: OpusDecoder<16_000>;
  readonly sounds: ReceivedSound[] = [];

  static async open(): Promise<SoundWatch> {
    const decoder = new OpusDecoder({ sampleRate: 16_000, channels: 1 });
    await decoder.ready;
    return new SoundWatch(decoder);
  }

  private constructor(decoder: OpusDecoder<16_000>) {
    this.#decoder = decoder;
  }

  /** Decodes one packet. */
  push(payload: Uint8Array, rtpTimestamp: number, atMs: number): ReceivedSound {
    const samples = this.#decoder.decodeFrame(payload).channelData[0] ?? new Float32Array();
    let energy = 0;
    for (const sample of samples) {
      energy += sample * sample;
    }
    const sound = { atMs, rtpTimestamp, loudness: Math.sqrt(energy / Math.max(1, samples.length)) };
    this.sounds.push(sound);
    return sound;
  }

  close(): void {
    this.#decoder.free();
  }
}

/**
 * Counts the stretches in which sound was missing for longer than error correction and concealment can hide: two or more
 * packets in a row that were lost, or one that came over 100 ms too late. Like a browser's jitter buffer it takes a late
 * packet's time as the new one, and goes back when packets come sooner again.
 */
export function countSoundGaps(sounds: readonly ReceivedSound[]): { gaps: number; lost: number; concealedShare: number } {
  const first = sounds[0];
  if (first === undefined) {
    return { gaps: 0, lost: 0, concealedShare: 0 };
  }
  const arrived = new Set<number>();
  let gaps = 0;
  let last = 0;
  let usualMs = Infinity;
  for (const { atMs, rtpTimestamp } of sounds) {
    const packet = Math.round(((rtpTimestamp - first.rtpTimestamp) | 0) / 960);
    const delayMs = atMs - packet * 20;
    const late = delayMs - usualMs > PLAYOUT_MS;
    gaps += late ? 1 : 0;
    usualMs = late ? delayMs : Math.min(usualMs, delayMs);
    arrived.add(packet);
    last = Math.max(last, packet);
  }
  let lost = 0;
  let concealed = 0;
  for (let packet = 0, run = 0; packet <= last; packet++) {
    run = arrived.has(packet) ? 0 : run + 1;
    lost += run > 0 ? 1 : 0;
    gaps += run === 2 ? 1 : 0;
    // The packet after a lost one holds it again, in less detail; what was lost before that one can only be concealed.
    concealed += run > 1 ? 1 : 0;
  }
  return { gaps, lost, concealedShare: concealed / (last + 1) };
}
