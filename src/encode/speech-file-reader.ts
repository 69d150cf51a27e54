import { resolve } from 'node:path';
import { AVERROR_EOF, AVMEDIA_TYPE_AUDIO, AV_CHANNEL_LAYOUT_MONO, AV_NOPTS_VALUE, AV_SAMPLE_FMT_FLT } from 'node-av/constants';
import type { AVSampleFormat } from 'node-av/constants';
import { CodecContext, Dictionary, FormatContext, Frame, Packet, SoftwareResampleContext } from 'node-av/lib';
import type { AudioBlock } from '../base/audio-block.ts';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';

/** How a sound file is read. */
export interface SpeechFileReaderOptions {
  /** Rate of the samples wanted, in hertz, 8000 to 192000. */
  readonly sampleRateHz: number;
  /** Samples in each block but the last. Default: 20 ms. */
  readonly blockSamples?: number;
}

/** Containers that hold sound and nothing that points elsewhere (play lists could make libav open other files and addresses). */
const FORMATS = 'wav,w64,aiff,au,caf,mp3,flac,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,ac3,amr,avi,mpegts';

/** One file as mono samples at one rate: an async iterable that keeps no more than a block and a decoded frame in memory. */
export class SpeechFileReader implements Closeable, AsyncDisposable, AsyncIterable<AudioBlock> {
  /** Length that the file claims, in microseconds; undefined when it says nothing. */
  readonly durationUs: number | undefined;
  readonly #path: string;
  readonly #options: Required<SpeechFileReaderOptions>;
  readonly #format: FormatContext;
  readonly #decoder: CodecContext;
  readonly #streamIndex: number;
  #reading = false;
  #closing: Promise<void> | undefined;
  /** Settles when the libav call under way has returned: nothing is freed before. */
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * Opens the first or best sound track of a file.
   * @throws AvatarError `unreadable_media`; TypeError for a wrong option.
   */
  static async open(path: string, options: SpeechFileReaderOptions): Promise<SpeechFileReader> {
    const { sampleRateHz, blockSamples = Math.round(sampleRateHz / 50) } = options;
    if (!(sampleRateHz >= 8000 && sampleRateHz <= 192_000) || !Number.isInteger(blockSamples) || blockSamples < 1) {
      throw new TypeError(`A file is read at 8000 to 192000 Hz in blocks of at least one sample, not ${sampleRateHz} Hz and ${blockSamples}.`);
    }
    const format = new FormatContext();
    try {
      const whitelists = Dictionary.fromObject({ format_whitelist: FORMATS, protocol_whitelist: 'file' });
      checked(await format.openInput(`file:${resolve(path)}`, null, whitelists), 'open the file');
      checked(await format.findStreamInfo(), 'understand the file');
      const { decoder, streamIndex } = await openDecoder(format);
      return new SpeechFileReader(path, { sampleRateHz, blockSamples }, { format, decoder, streamIndex });
    } catch (cause) {
      await format.closeInput();
      throw unreadable(path, cause);
    }
  }

  private constructor(
    path: string, options: Required<SpeechFileReaderOptions>, parts: { format: FormatContext; decoder: CodecContext; streamIndex: number },
  ) {
    this.#path = path;
    this.#options = options;
    this.#format = parts.format;
    this.#decoder = parts.decoder;
    this.#streamIndex = parts.streamIndex;
    const { duration } = parts.format;
    this.durationUs = duration === AV_NOPTS_VALUE || duration <= 0n ? undefined : Number(duration);
  }

  /**
   * Yields the sound, once.
   * @throws AvatarError `unreadable_media` when nothing can be decoded; InvalidStateError the second time and after `close()`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<AudioBlock, void, undefined> {
    if (this.#reading || this.#closing !== undefined) {
      throw new InvalidStateError('A sound file is read once, before it is closed. Open it again.');
    }
    this.#reading = true;
    const { sampleRateHz, blockSamples } = this.#options;
    const resampler = new Resampler(sampleRateHz);
    const blocks = new BlockCutter(blockSamples);
    let any = false;
    try {
      for await (const samples of this.#decode(resampler)) {
        any ||= samples.length > 0;
        for (const block of blocks.cut(samples)) {
          yield { samples: block, sampleRateHz };
        }
      }
      const rest = blocks.rest();
      if (rest.length > 0) {
        yield { samples: rest, sampleRateHz };
      }
    } finally {
      resampler.close();
    }
    if (!any) {
      throw unreadable(this.#path, new Error('its sound track holds nothing that can be decoded'));
    }
  }

  /** Closes the file, also in the middle of reading. */
  close(): Promise<void> {
    this.#closing ??= this.#busy.then(async () => {
      this.#decoder.freeContext();
      await this.#format.closeInput();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#decode(resampler: Resampler): AsyncGenerator<Float32Array, void, undefined> {
    const packet = new Packet();
    packet.alloc();
    const frame = new Frame();
    frame.alloc();
    try {
      for (let ended = false; !ended;) {
        const read = await this.#exclusive(() => this.#format.readFrame(packet));
        ended = read < 0;
        if (ended && read !== AVERROR_EOF) {
          throw unreadable(this.#path, new Error('it breaks off in the middle'));
        }
        if (!ended && packet.streamIndex !== this.#streamIndex) {
          packet.unref();
          continue;
        }
        // A packet that cannot be decoded (a tag between MP3 frames, say) is passed over, as players do.
        await this.#exclusive(() => this.#decoder.sendPacket(ended ? null : packet));
        packet.unref();
        while (await this.#exclusive(() => this.#decoder.receiveFrame(frame)) >= 0) {
          yield resampler.convert(frame);
          frame.unref();
        }
      }
      yield resampler.flush();
    } finally {
      packet.free();
      frame.free();
    }
  }

  #exclusive(call: () => Promise<number>): Promise<number> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The sound file was closed while it was read.');
    }
    const result = call();
    // The caller gets the failure; this only tells when the call has returned.
    this.#busy = result.catch(() => undefined);
    return result;
  }
}

async function openDecoder(format: FormatContext): Promise<{ decoder: CodecContext; streamIndex: number }> {
  const { streamIndex, decoder: codec } = format.findBestStream(AVMEDIA_TYPE_AUDIO, -1, -1, true);
  const stream = format.streams[streamIndex];
  if (streamIndex < 0 || stream === undefined || codec === null) {
    throw new Error('it has no sound track that can be decoded');
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  try {
    checked(decoder.parametersToContext(stream.codecpar), 'set up the decoder');
    checked(await decoder.open2(codec, null), 'open the decoder');
  } catch (error) {
    decoder.freeContext();
    throw error;
  }
  return { decoder, streamIndex };
}

function unreadable(path: string, cause: unknown): AvatarError {
  if (cause instanceof AvatarError) {
    return cause;
  }
  return new AvatarError('unreadable_media', `${path} cannot be read: ${(cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '')}. Use WAV, MP3, FLAC, OGG or MP4.`, { cause });
}

/** Cuts a stream of samples into blocks of one size. */
class BlockCutter {
  #block: Float32Array<ArrayBuffer>;
  #filled = 0;

  constructor(blockSamples: number) {
    this.#block = new Float32Array(blockSamples);
  }

  /** Yields the blocks that became full. */
  *cut(samples: Float32Array): Generator<Float32Array, void, undefined> {
    for (let read = 0; read < samples.length;) {
      const taken = Math.min(this.#block.length - this.#filled, samples.length - read);
      this.#block.set(samples.subarray(read, read + taken), this.#filled);
      this.#filled += taken;
      read += taken;
      if (this.#filled === this.#block.length) {
        yield this.#block;
        this.#block = new Float32Array(this.#block.length);
        this.#filled = 0;
      }
    }
  }

  /** The samples that fill no block. */
  rest(): Float32Array {
    return this.#block.subarray(0, this.#filled);
  }
}

/** Turns decoded frames of any layout, format and rate (they may change within a file) into mono samples at one rate. */
class Resampler {
  readonly #rateHz: number;
  #context: SoftwareResampleContext | undefined;
  #kind = '';

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  convert(frame: Frame): Float32Array {
    const kind = `${frame.sampleRate}/${frame.format}/${frame.channels}`;
    const rest = kind === this.#kind ? undefined : this.flush();
    if (this.#context === undefined) {
      this.#context = this.#open(frame);
      this.#kind = kind;
    }
    const samples = pull(this.#context, frame.extendedData, frame.nbSamples);
    return rest === undefined || rest.length === 0 ? samples : Float32Array.of(...rest, ...samples);
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
    this.#kind = '';
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

function pull(context: SoftwareResampleContext, input: Buffer[] | null, count: number): Float32Array {
  const room = Math.max(1, checked(context.getOutSamples(count), 'tell the resampler\'s delay'));
  const output = Buffer.from(new ArrayBuffer(room * 4));
  const got = checked(context.convertSync([output], room, input, count), 'resample');
  return new Float32Array(output.buffer, 0, got);
}
