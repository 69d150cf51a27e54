import { MelStream } from '../../src/audio/mel-stream.ts';
import { MOUTH_NET_INPUTS, poolPairs } from '../../src/motion/mouth-net.ts';
import { SpeechLevel } from '../../src/motion/speech-level.ts';
import { VISEME_INDEX } from '../../src/motion/viseme.ts';
import type { Segment, Utterance } from './synthetic-speech.ts';

/** A frame is shown for 40 ms and the smoother lags: the mouth of a frame is the one due so much after its time. */
const LEAD_S = 0.03;

/** What the net learns from: inputs and the right viseme for each. */
export class Lesson {
  readonly #inputs: Float32Array[] = [];
  readonly #visemes: number[] = [];

  /** Examples so far. */
  get length(): number {
    return this.#visemes.length;
  }

  /** The 160 inputs of an example. */
  input(example: number): Float32Array {
    return this.#inputs[example]!;
  }

  /** The index of the right viseme of an example. */
  viseme(example: number): number {
    return this.#visemes[example]!;
  }

  /** Hears an utterance as a session would, window by window. `skipSamples` shifts where its video frames fall. */
  hear({ samples, segments }: Utterance, skipSamples = 0): void {
    const stream = new MelStream();
    stream.push(samples.subarray(skipSamples));
    stream.flush();
    const level = new SpeechLevel();
    for (let window = stream.take(); window !== undefined; window = stream.take()) {
      level.update(window);
      const input = new Float32Array(MOUTH_NET_INPUTS);
      poolPairs(level.relative, input);
      this.#inputs.push(input);
      this.#visemes.push(visemeAt(segments, window.mediaUs / 1_000_000 + skipSamples / 16_000 + LEAD_S));
    }
  }
}

/** Returns the index of the viseme spoken at a time; silence outside all segments. */
function visemeAt(segments: readonly Segment[], seconds: number): number {
  const segment = segments.find(({ start, end }) => start <= seconds && seconds < end);
  if (segment === undefined) {
    return VISEME_INDEX.silence;
  }
  const part = Math.floor(((seconds - segment.start) / (segment.end - segment.start)) * segment.visemes.length);
  return VISEME_INDEX[segment.visemes[part]!];
}
