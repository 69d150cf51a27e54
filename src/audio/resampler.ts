import loadSpeex from '@echogarden/speex-resampler-wasm/simd';
import { InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';

/** Rates that can be converted, in hertz. */
export const RESAMPLER_RATE_HZ = Object.freeze({ min: 4000, max: 384_000 });

type Speex = Awaited<ReturnType<typeof loadSpeex>>;

/** SpeexDSP's scale is 0 (fast) to 10; 5 keeps speech clean to 0.45 of the lower rate. */
const QUALITY = 5;

/** Input samples handed to the filter at a time. */
const PIECE_SAMPLES = 1024;

/** Samples that follow a stream's end, mirrored, so that a hard end does not ring in the filter. */
const MIRROR_SAMPLES = 512;

/** Samples fed at a time while the filter runs empty. */
const DRAIN_SAMPLES = 64;

let loading: Promise<Speex> | undefined;

function checkRate(name: string, rateHz: number): void {
  if (!Number.isInteger(rateHz) || rateHz < RESAMPLER_RATE_HZ.min || rateHz > RESAMPLER_RATE_HZ.max) {
    throw new TypeError(`${name} is a whole number of hertz from ${RESAMPLER_RATE_HZ.min} to ${RESAMPLER_RATE_HZ.max}, not ${rateHz}.`);
  }
}

/**
 * Changes the rate of a stream of mono samples with SpeexDSP's windowed-sinc filter; keeps its state between calls.
 * The filter's delay is taken out: output sample k sounds at the time of input sample k · from / to, and the last few
 * milliseconds follow with `finish()`, so that n samples give exactly round(n · to / from). Equal rates pass through.
 */
export class Resampler implements Closeable {
  readonly fromHz: number;
  readonly toHz: number;
  readonly #speex: Speex;
  readonly #state: number;
  /** Heap block: input piece, output piece, input length, output length. */
  readonly #memory: number;
  readonly #output: number;
  readonly #lengths: number;
  readonly #outputCapacity: number;
  /** The last input samples, the newest last. */
  readonly #recent = new Float32Array(MIRROR_SAMPLES);
  readonly #drain = new Float32Array(DRAIN_SAMPLES);
  #result: Float32Array;
  #taken = 0;
  #given = 0;
  #closing: Promise<void> | undefined;

  /** Makes a resampler from one rate to another, in hertz; loads the filter once per process. */
  static async create(fromHz: number, toHz: number): Promise<Resampler> {
    checkRate('fromHz', fromHz);
    checkRate('toHz', toHz);
    loading ??= loadSpeex();
    return new Resampler(await loading, fromHz, toHz);
  }

  /** Loads the filter and returns a function that makes resamplers without waiting. */
  static async factory(): Promise<(fromHz: number, toHz: number) => Resampler> {
    loading ??= loadSpeex();
    const speex = await loading;
    return (fromHz, toHz) => {
      checkRate('fromHz', fromHz);
      checkRate('toHz', toHz);
      return new Resampler(speex, fromHz, toHz);
    };
  }

  /** Returns a whole clip at another rate: exactly round(n · to / from) new samples. */
  static async convert(samples: Float32Array, { fromHz, toHz }: { fromHz: number; toHz: number }): Promise<Float32Array> {
    await using resampler = await Resampler.create(fromHz, toHz);
    const head = resampler.process(samples).slice();
    const tail = resampler.finish();
    const all = new Float32Array(head.length + tail.length);
    all.set(head);
    all.set(tail, head.length);
    return all;
  }

  private constructor(speex: Speex, fromHz: number, toHz: number) {
    this.fromHz = fromHz;
    this.toHz = toHz;
    this.#speex = speex;
    this.#outputCapacity = Math.ceil((PIECE_SAMPLES * toHz) / fromHz) + 1;
    this.#memory = speex._malloc(4 * (PIECE_SAMPLES + this.#outputCapacity + 2));
    this.#output = this.#memory + 4 * PIECE_SAMPLES;
    this.#lengths = this.#output + 4 * this.#outputCapacity;
    this.#state = speex._speex_resampler_init(1, fromHz, toHz, QUALITY, this.#lengths);
    if (this.#memory === 0 || this.#state === 0) {
      throw new InvalidStateError(`The resampler from ${fromHz} to ${toHz} Hz could not be made: out of memory.`);
    }
    speex._speex_resampler_skip_zeros(this.#state);
    this.#result = new Float32Array(this.#outputCapacity);
  }

  /**
   * Converts more samples, any number of them. The result is valid until the next call (with equal rates it is the input itself).
   * @throws InvalidStateError after `close()`.
   */
  process(samples: Float32Array): Float32Array {
    this.#checkOpen();
    this.#taken += samples.length;
    if (this.fromHz === this.toHz) {
      this.#given += samples.length;
      return samples;
    }
    const most = Math.ceil((samples.length * this.toHz) / this.fromHz) + 1;
    if (this.#result.length < most) {
      this.#result = new Float32Array(most);
    }
    const count = this.#filter(samples, this.#result, 0);
    this.#remember(samples);
    this.#given += count;
    return this.#result.subarray(0, count);
  }

  /** Ends the stream: returns the samples that were still inside the filter, then starts afresh. The result is valid until the next call. */
  finish(): Float32Array {
    this.#checkOpen();
    const missing = Math.max(0, Math.round((this.#taken * this.toHz) / this.fromHz) - this.#given);
    if (this.#result.length < missing + this.#outputCapacity) {
      this.#result = new Float32Array(missing + this.#outputCapacity);
    }
    let count = 0;
    for (let fed = 0; count < missing; fed += DRAIN_SAMPLES) {
      for (let n = 0; n < DRAIN_SAMPLES; n++) {
        this.#drain[n] = this.#recent[MIRROR_SAMPLES - 1 - fed - n] ?? 0;
      }
      count += this.#filter(this.#drain, this.#result, count);
    }
    this.reset();
    return this.#result.subarray(0, missing);
  }

  /** Forgets what came before: the next samples start a new stream. */
  reset(): void {
    this.#checkOpen();
    this.#speex._speex_resampler_reset_mem(this.#state);
    this.#speex._speex_resampler_skip_zeros(this.#state);
    this.#recent.fill(0);
    this.#taken = 0;
    this.#given = 0;
  }

  /** Gives the filter's memory back. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#speex._speex_resampler_destroy(this.#state);
      this.#speex._free(this.#memory);
      this.#closing = Promise.resolve();
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #remember(samples: Float32Array): void {
    const kept = samples.subarray(Math.max(0, samples.length - MIRROR_SAMPLES));
    this.#recent.copyWithin(0, kept.length);
    this.#recent.set(kept, MIRROR_SAMPLES - kept.length);
  }

  /** Runs samples through the filter and writes what comes out into `target` from `at` on; returns how many came. */
  #filter(samples: Float32Array, target: Float32Array, at: number): number {
    const speex = this.#speex;
    let written = at;
    for (let start = 0; start < samples.length;) {
      const piece = samples.subarray(start, start + PIECE_SAMPLES);
      // The heap may move when it grows, so its views are read anew each time.
      speex.HEAPF32.set(piece, this.#memory >> 2);
      speex.HEAPU32[this.#lengths >> 2] = piece.length;
      speex.HEAPU32[(this.#lengths >> 2) + 1] = this.#outputCapacity;
      speex._speex_resampler_process_float(this.#state, 0, this.#memory, this.#lengths, this.#output, this.#lengths + 4);
      const read = speex.HEAPU32[this.#lengths >> 2]!;
      const made = speex.HEAPU32[(this.#lengths >> 2) + 1]!;
      target.set(speex.HEAPF32.subarray(this.#output >> 2, (this.#output >> 2) + made), written);
      written += made;
      start += read;
      if (read === 0 && made === 0) {
        throw new InvalidStateError(`The resampler from ${this.fromHz} to ${this.toHz} Hz stands still.`);
      }
    }
    return written - at;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The resampler is closed; make a new one.');
    }
  }
}
