/** Quietest level shown, in decibels of full scale. */
const FLOOR_DB = -55;

/** Loudest level shown; speech rarely goes above. */
const CEILING_DB = -12;

/** Follows the loudness of a stream, from 0 (quiet) to 1 (loud), once per drawn frame. */
export class LevelMeter {
  readonly #onLevel: (level: number) => void;
  #context: AudioContext | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #request = 0;

  constructor(onLevel: (level: number) => void) {
    this.#onLevel = onLevel;
  }

  /** Starts following a stream that has an audio track; call it in answer to a click, or browsers keep the level at 0. */
  follow(stream: MediaStream): void {
    this.stop();
    this.#context ??= new AudioContext();
    void this.#context.resume();
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    const samples = new Float32Array(analyser.fftSize);
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(analyser);
    const measure = (): void => {
      analyser.getFloatTimeDomainData(samples);
      this.#onLevel(levelOf(samples));
      this.#request = requestAnimationFrame(measure);
    };
    measure();
  }

  /** Stops following; the level falls to 0. */
  stop(): void {
    cancelAnimationFrame(this.#request);
    this.#source?.disconnect();
    this.#source = null;
    void this.#context?.suspend();
    this.#onLevel(0);
  }
}

/** Loudness of samples of -1 to 1 on a scale of decibels, cut to 0 to 1. */
function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) {
    sum += sample * sample;
  }
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.max(0, Math.min(1, (decibels - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}
