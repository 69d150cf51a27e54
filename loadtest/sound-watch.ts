import { OpusDecoder } from 'opus-decoder';

/** Loudness of a packet above which something is heard, root mean square of samples in −1..1. */
export const LOUD = 0.01;

/** How much later than the promptest packet a sound may come and still be played: a browser's usual jitter buffer. */
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
 * Counts the stretches in which sound was missing for longer than error correction and concealment can hide:
 * two or more packets in a row that were lost, or that came over 100 ms later than the promptest one.
 */
export function countSoundGaps(sounds: readonly ReceivedSound[]): { gaps: number; lost: number } {
  const inTime = new Set<number>();
  const first = sounds[0];
  if (first === undefined) {
    return { gaps: 0, lost: 0 };
  }
  const packetOf = ({ rtpTimestamp }: ReceivedSound): number => Math.round(((rtpTimestamp - first.rtpTimestamp) | 0) / 960);
  const delayOf = (sound: ReceivedSound): number => sound.atMs - packetOf(sound) * 20;
  const promptest = sounds.reduce((least, sound) => Math.min(least, delayOf(sound)), Infinity);
  let last = 0;
  for (const sound of sounds) {
    if (delayOf(sound) - promptest <= PLAYOUT_MS) {
      inTime.add(packetOf(sound));
    }
    last = Math.max(last, packetOf(sound));
  }
  let gaps = 0;
  let lost = 0;
  for (let packet = 0, run = 0; packet <= last; packet++) {
    run = inTime.has(packet) ? 0 : run + 1;
    lost += run > 0 ? 1 : 0;
    gaps += run === 2 ? 1 : 0;
  }
  return { gaps, lost };
}
