import { VoiceEncoder } from '../src/encode/voice-encoder.ts';
import type { WavFile } from './wav-file.ts';

const PACKET_MS = 20;
const RATE_HZ = 48_000;
const PACKET_SAMPLES = (RATE_HZ * PACKET_MS) / 1000;

/** Packets of silence that are sent in turn while nobody speaks. */
const SILENT_PACKETS = 50;

/** A viewer's microphone that is always on: Opus packets every 20 ms, silence until told to speak. */
export class MicrophoneFeed {
  readonly #speech: readonly Uint8Array[];
  readonly #silence: readonly Uint8Array[];
  readonly #send: (packet: Uint8Array) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();
  #sent = 0;
  #speechAt = -1;

  /** Encodes the speech and switches the microphone on. */
  static async open(speech: WavFile, send: (packet: Uint8Array) => void): Promise<MicrophoneFeed> {
    await using encoder = await VoiceEncoder.open();
    const silent = new Float32Array(PACKET_SAMPLES);
    const silence = Array.from({ length: SILENT_PACKETS }, (_, index) => encoder.encode(silent, index * 20_000).data);
    const samples = atPacketRate(speech);
    const packets = Array.from({ length: Math.floor(samples.length / PACKET_SAMPLES) }, (_, index) => (
      encoder.encode(samples.subarray(index * PACKET_SAMPLES, (index + 1) * PACKET_SAMPLES), (SILENT_PACKETS + index) * 20_000).data));
    return new MicrophoneFeed({ speech: packets, silence, send });
  }

  private constructor(parts: { speech: readonly Uint8Array[]; silence: readonly Uint8Array[]; send: (packet: Uint8Array) => void }) {
    this.#speech = parts.speech;
    this.#silence = parts.silence;
    this.#send = parts.send;
    this.#timer = setInterval(() => { this.#sendDue(); }, PACKET_MS / 4);
  }

  /** Length of the speech in milliseconds. */
  get speechMs(): number {
    return this.#speech.length * PACKET_MS;
  }

  /** Speaks once from the next packet on. */
  speak(): void {
    this.#speechAt = 0;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sendDue(): void {
    for (const due = (performance.now() - this.#startMs) / PACKET_MS; this.#sent < due; this.#sent++) {
      const speech = this.#speechAt < 0 ? undefined : this.#speech[this.#speechAt];
      this.#speechAt = speech === undefined ? -1 : this.#speechAt + 1;
      this.#send(speech ?? this.#silence[this.#sent % SILENT_PACKETS]!);
    }
  }
}

/** Raises 16-bit samples to 48 kHz, −1..1, by straight lines between them: good enough for a microphone. */
function atPacketRate({ rateHz, samples }: WavFile): Float32Array {
  const step = rateHz / RATE_HZ;
  return Float32Array.from({ length: Math.floor((samples.length - 1) / step) }, (_, index) => {
    const at = Math.floor(index * step);
    const part = index * step - at;
    return (samples[at]! * (1 - part) + samples[at + 1]! * part) / 32_768;
  });
}
