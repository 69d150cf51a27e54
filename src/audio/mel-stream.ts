import { InvalidStateError } from '../base/errors.ts';
import { FRAME_US } from '../base/media-clock.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES, type MelWindow } from '../base/mel-window.ts';
import { MEL_FFT_SAMPLES, MEL_HOP_SAMPLES, MEL_RATE_HZ, MelAnalyser, PRE_EMPHASIS } from './mel-analyser.ts';

/** Samples of sound per video frame: 40 ms at 16 kHz. */
const FRAME_SAMPLES = (MEL_RATE_HZ * FRAME_US) / 1_000_000;

/** Samples kept: one transform and the part of a video frame that may be held back, as a power of two. */
const SAMPLE_RING = 2048;

/** Mel frames kept: one window and the few frames by which the last windows of a clip reach back, as a power of two. */
const MEL_RING = 32;

/** How a `MelStream` counts and when it gives out windows. */
export interface MelStreamOptions {
  /**
   * True: sound counts only once its whole 40 ms video frame is in (up to 40 ms later), so that a clip that ends in the
   * middle of a video frame gives exactly the whole-clip result. False (default): least latency; a window near such
   * an end may have heard up to 12.5 ms of the cut-off rest.
   */
  readonly holdPartialFrames?: boolean;
  /** Finished windows that may wait when more sound is pushed; a single push may be of any length. Default 250: ten seconds. */
  readonly maxWaitingWindows?: number;
}

const DEFAULTS = Object.freeze({ holdPartialFrames: false, maxWaitingWindows: 250 });

/** Returns the first mel frame of a video frame's window, −6 or later: trunc(80 · (frame − 2) / 25), toward zero as the reference does. */
export function melWindowStart(videoFrame: number): number {
  return Math.trunc((MEL_BANDS * (videoFrame - 2)) / 25);
}

/**
 * Turns sound at 16 kHz, in pieces of any length, into one mel window per 40 ms video frame.
 * Chunk by chunk it equals the whole-clip mel spectrogram; it runs for hours in fixed memory.
 */
export class MelStream {
  /**
   * How far beyond a video frame's time sound is needed, in microseconds. The first two frames of a stream need 5 and 2.5 ms more,
   * because the reference rounds their negative starts toward zero; at 20 ms ticks that makes no difference.
   */
  static readonly lookAheadUs = 132_500;

  readonly #holdPartialFrames: boolean;
  readonly #windows: MelWindow[] = [];
  readonly #maxWaiting: number;
  readonly #analyser = new MelAnalyser();
  readonly #emphasised = new Float64Array(SAMPLE_RING);
  readonly #segment = new Float64Array(MEL_FFT_SAMPLES);
  readonly #mel = new Float32Array(MEL_RING * MEL_BANDS);
  #previous = 0;
  #received = 0;
  #melFrames = 0;
  #videoFrame = 0;
  #flushed = false;

  constructor(options: MelStreamOptions = {}) {
    const { holdPartialFrames, maxWaitingWindows } = { ...DEFAULTS, ...options };
    this.#holdPartialFrames = holdPartialFrames;
    this.#maxWaiting = maxWaitingWindows;
  }

  /** Windows that `take()` can give now. */
  get waiting(): number {
    return this.#windows.length;
  }

  /**
   * Adds sound at 16 kHz; the samples are copied.
   * @throws InvalidStateError after `flush()`, or when more windows wait than allowed: take them first.
   */
  push(samples: Float32Array): void {
    if (this.#flushed) {
      throw new InvalidStateError('The mel stream was flushed; start a new one.');
    }
    if (this.#windows.length > this.#maxWaiting) {
      throw new InvalidStateError(`${this.#windows.length} mel windows wait, more than ${this.#maxWaiting}. Take them before pushing more sound.`);
    }
    for (const sample of samples) {
      this.#emphasised[this.#received & (SAMPLE_RING - 1)] = sample - PRE_EMPHASIS * this.#previous;
      this.#previous = sample;
      this.#received += 1;
      if (!this.#holdPartialFrames || this.#received % FRAME_SAMPLES === 0) {
        this.#analyseUpTo(this.#received);
      }
    }
  }

  /** Takes the oldest finished window; its values belong to the caller. */
  take(): MelWindow | undefined {
    return this.#windows.shift();
  }

  /**
   * Ends the clip as the reference does: sound after the last whole video frame is cut off, zeros follow, and
   * windows at the end repeat the last mel frame. The remaining windows can then be taken.
   */
  flush(): void {
    if (this.#flushed) {
      return;
    }
    this.#flushed = true;
    const videoFrames = Math.floor(this.#received / FRAME_SAMPLES);
    const end = videoFrames * FRAME_SAMPLES;
    while (videoFrames > 0 && this.#melFrames <= Math.floor(end / MEL_HOP_SAMPLES)) {
      this.#analyse(end);
    }
    while (this.#videoFrame < videoFrames) {
      this.#emit(Math.floor(end / MEL_HOP_SAMPLES));
    }
  }

  #analyseUpTo(available: number): void {
    while (this.#melFrames * MEL_HOP_SAMPLES + MEL_FFT_SAMPLES / 2 <= available) {
      this.#analyse(available);
      const last = this.#melFrames - 1;
      while (melWindowStart(this.#videoFrame) + MEL_WINDOW_FRAMES - 1 <= last) {
        this.#emit(last);
      }
    }
  }

  /** Computes the next mel frame; samples before 0 and from `end` on count as zero. */
  #analyse(end: number): void {
    const start = this.#melFrames * MEL_HOP_SAMPLES - MEL_FFT_SAMPLES / 2;
    for (let n = 0; n < MEL_FFT_SAMPLES; n++) {
      const at = start + n;
      this.#segment[n] = at >= 0 && at < end ? this.#emphasised[at & (SAMPLE_RING - 1)]! : 0;
    }
    this.#analyser.analyse(this.#segment, this.#mel, (this.#melFrames & (MEL_RING - 1)) * MEL_BANDS);
    this.#melFrames += 1;
  }

  /** Queues the next video frame's window, its mel frames clamped to 0..last. */
  #emit(last: number): void {
    const start = melWindowStart(this.#videoFrame);
    const values = new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES);
    for (let frame = 0; frame < MEL_WINDOW_FRAMES; frame++) {
      const row = (Math.max(0, Math.min(last, start + frame)) & (MEL_RING - 1)) * MEL_BANDS;
      for (let band = 0; band < MEL_BANDS; band++) {
        values[band * MEL_WINDOW_FRAMES + frame] = this.#mel[row + band]!;
      }
    }
    this.#windows.push({ values, mediaUs: this.#videoFrame * FRAME_US });
    this.#videoFrame += 1;
  }
}
