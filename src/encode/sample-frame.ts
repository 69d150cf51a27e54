import { AV_CHANNEL_LAYOUT_MONO } from 'node-av/constants';
import type { AVSampleFormat } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { checked } from './checked.ts';

/** A libav frame of mono float samples that is filled over and over. */
export class SampleFrame {
  readonly frame = new Frame();
  /** Live view of the frame's samples. */
  #samples: Float32Array;

  /** `format` is the encoder's: packed or planar floats, which are the same for one channel. */
  constructor(options: { samples: number; sampleRateHz: number; format: AVSampleFormat }) {
    this.frame.alloc();
    this.frame.nbSamples = options.samples;
    this.frame.sampleRate = options.sampleRateHz;
    this.frame.format = options.format;
    this.frame.channelLayout = AV_CHANNEL_LAYOUT_MONO;
    checked(this.frame.getBuffer(1), 'allocate an audio frame');
    this.#samples = samplesOf(this.frame);
  }

  /** Copies samples in, from `start` on. */
  fill(samples: Float32Array, start = 0): void {
    if (!this.frame.isWritable) {
      // The encoder still holds the samples before: they are left to it.
      checked(this.frame.makeWritable(), 'reuse an audio frame');
      this.#samples = samplesOf(this.frame);
    }
    this.#samples.set(samples, start);
  }

  free(): void {
    this.frame.free();
  }
}

function samplesOf(frame: Frame): Float32Array {
  const plane = frame.data?.[0];
  if (plane === undefined) {
    throw new Error('libav gave an audio frame without samples.');
  }
  return new Float32Array(plane.buffer, plane.byteOffset, frame.nbSamples);
}
