import { AVMEDIA_TYPE_AUDIO, AV_CHANNEL_LAYOUT_MONO, AV_SAMPLE_FMT_FLT } from 'node-av/constants';
import type { AVSampleFormat } from 'node-av/constants';
import { SoftwareResampleContext } from 'node-av/lib';
import type { Frame } from 'node-av/lib';
import type { AudioBlock } from '../base/audio-block.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';
import { MediaFile, type MediaTrack } from './media-file.ts';

/** How a sound file is read. */
export interface SpeechFileReaderOptions {
  /** Rate of the samples wanted, in hertz, 8000 to 192000. */
  readonly sampleRateHz: number;
  /** Samples in each block but the last. Default: 20 ms. */
  readonly blockSamples?: number;
}

const TRACK: MediaTrack = Object.freeze({
  name: 'sound',
  type: AVMEDIA_TYPE_AUDIO,
  containers: 'wav,w64,aiff,au,caf,mp3,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,ac3,amr,avi,mpegts',
  advice: 'WAV, MP3, FLAC, OGG or MP4',
});

/** One file as mono samples at one rate: an async iterable that keeps no more than a block and a decoded frame in memory. */
export class SpeechFileReader implements Closeable, AsyncDisposable, AsyncIterable<AudioBlock> {
  readonly #options: Required<SpeechFileReaderOptions>;
  readonly #file: MediaFile;

  /**
   * Opens the first or best sound track of a file.
   * @throws AvatarError `unreadable_media`; TypeError for a wrong option.
   */
  static async open(path: string, options: SpeechFileReaderOptions): Promise<SpeechFileReader> {
    const { sampleRateHz, blockSamples = Math.round(sampleRateHz / 50) } = options;
    if (!(sampleRateHz >= 8000 && sampleRateHz <= 192_000) || !Number.isInteger(blockSamples) || blockSamples < 1) {
      throw new TypeError(`A file is read at 8000 to 192000 Hz in blocks of at least one sample, not ${sampleRateHz} Hz and ${blockSamples}.`);
    }
    return new SpeechFileReader(await MediaFile.open(path, TRACK), { sampleRateHz, blockSamples });
  }

  private constructor(file: MediaFile, options: Required<SpeechFileReaderOptions>) {
    this.#file = file;
    this.#options = options;
  }

  /** Length that the file claims, in microseconds; undefined when it says nothing. */
  get durationUs(): number | undefined {
    return this.#file.durationUs;
  }

  /**
   * Yields the sound, once.
   * @throws AvatarError `unreadable_media` when nothing can be decoded; InvalidStateError the second time and after `close()`.
   */
  [Symbol.asyncIterator](): AsyncGenerator<AudioBlock, void, undefined> {
    return this.#file.read((frames) => this.#blocks(frames));
  }

  /** Closes the file, also in the middle of reading. */
  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#blocks(frames: AsyncIterable<Frame>): AsyncGenerator<AudioBlock, void, undefined> {
    const resampler = new Resampler(this.#options.sampleRateHz);
    const blocks = new BlockCutter(this.#options);
    try {
      for await (const frame of frames) {
        if (!resampler.takes(frame)) {
          yield* blocks.cut(resampler.flush());
        }
        yield* blocks.cut(resampler.convert(frame));
      }
      yield* blocks.cut(resampler.flush());
      yield* blocks.rest();
    } finally {
      resampler.close();
    }
  }
}

/** Cuts a stream of samples into blocks of one size. */
class BlockCutter {
  readonly #sampleRateHz: number;
  #block: Float32Array<ArrayBuffer>;
  #filled = 0;

  constructor({ sampleRateHz, blockSamples }: Required<SpeechFileReaderOptions>) {
    this.#sampleRateHz = sampleRateHz;
    this.#block = new Float32Array(blockSamples);
  }

  /** Yields the blocks that became full. */
  *cut(samples: Float32Array): Generator<AudioBlock, void, undefined> {
    for (let read = 0; read < samples.length;) {
      const taken = Math.min(this.#block.length - this.#filled, samples.length - read);
      this.#block.set(samples.subarray(read, read + taken), this.#filled);
      this.#filled += taken;
      read += taken;
      if (this.#filled === this.#block.length) {
        yield { samples: this.#block, sampleRateHz: this.#sampleRateHz };
        this.#block = new Float32Array(this.#block.length);
        this.#filled = 0;
      }
    }
  }

  /** Yields the samples that fill no block, if there are any. */
  *rest(): Generator<AudioBlock, void, undefined> {
    if (this.#filled > 0) {
      yield { samples: this.#block.subarray(0, this.#filled), sampleRateHz: this.#sampleRateHz };
    }
  }
}

/** Turns decoded frames of one layout, format and rate into mono samples at one rate; where they change within a file, it is flushed. */
class Resampler {
  readonly #rateHz: number;
  #context: SoftwareResampleContext | undefined;
  #kind = '';

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Says whether a frame is of the kind of those before it. */
  takes(frame: Frame): boolean {
    return this.#context === undefined || this.#kind === kindOf(frame);
  }

  convert(frame: Frame): Float32Array {
    if (this.#context === undefined) {
      this.#context = this.#open(frame);
      this.#kind = kindOf(frame);
    }
    return pull(this.#context, frame.extendedData, frame.nbSamples);
  }

  /** Gives what is still inside, and starts anew. */
  flush(): Float32Array {
    const rest = this.#context === undefined ? new Float32Array(0) : pull(this.#context, null, 0);
    this.close();
    return rest;
  }

  close(): void {
    this.#context?.free();
    this.#context = undefined;
  }

  #open(frame: Frame): SoftwareResampleContext {
    const context = new SoftwareResampleContext();
    checked(context.allocSetOpts2(
      AV_CHANNEL_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, this.#rateHz, frame.channelLayout, frame.format as AVSampleFormat, frame.sampleRate,
    ), 'set up the resampler');
    // Mixed down to mono, a sound in the middle keeps its level (libav's rule for floats would raise it by 3 dB).
    checked(context.setOption('rematrix_maxval', '1.0'), 'set the mix to mono');
    checked(context.init(), 'start the resampler');
    return context;
  }
}

function kindOf({ sampleRate, format, channels }: Frame): string {
  return `${sampleRate}/${format}/${channels}`;
}

function pull(context: SoftwareResampleContext, input: Buffer[] | null, count: number): Float32Array {
  const room = Math.max(1, checked(context.getOutSamples(count), 'tell the resampler\'s delay'));
  const output = Buffer.from(new ArrayBuffer(room * 4));
  const got = checked(context.convertSync([output], room, input, count), 'resample');
  return silenced(new Float32Array(output.buffer, 0, got));
}

/** Files of floats can hold what is no number: it counts as silence, as encoders and networks never get rid of it again. */
function silenced(samples: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  for (let index = 0; index < samples.length; index++) {
    if (!Number.isFinite(samples[index])) {
      samples[index] = 0;
    }
  }
  return samples;
}
