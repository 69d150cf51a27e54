import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  AV_CHANNEL_LAYOUT_MONO, AV_CODEC_FLAG_GLOBAL_HEADER, AV_PIX_FMT_YUV420P, AV_SAMPLE_FMT_FLTP, FF_ENCODER_AAC, FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Dictionary, FormatContext, Packet, Rational } from 'node-av/lib';
import type { CodecContext, Frame, Stream } from 'node-av/lib';
import type { AudioBlock } from '../base/audio-block.ts';
import { InvalidStateError } from '../base/errors.ts';
import type { Picture } from '../base/picture.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';
import { openEncoderContext } from './encoder-context.ts';
import { setPictureColours } from './picture-colours.ts';
import { PictureFrame, checkPictureSize } from './picture-frame.ts';
import { SampleFrame } from './sample-frame.ts';

/** How an MP4 file is written. */
export interface Mp4WriterOptions {
  /** Picture size in pixels, even, 16 to 4096. */
  readonly width: number;
  readonly height: number;
}

/** Pictures a second. */
const FRAMES_HZ = 25;

/** x264's quality, 0 (lossless) to 51; 18 looks like the original. */
const CRF = 18;

const AUDIO_BITRATE_BPS = 128_000;

/** Rate of the sound, in hertz. */
const AUDIO_RATE_HZ = 48_000;

/** Samples in one AAC frame. */
const AAC_SAMPLES = 1024;

const VIDEO_TICKS_HZ = 90_000;

/** Writes that may be under way or waiting; one more is refused. */
const MOST_WRITES = 4;

/** One encoder with its stream in the file. */
interface Track {
  readonly context: CodecContext;
  readonly stream: Stream;
  /** Ticks of the encoder that one of its packets lasts. */
  readonly packetTicks: number;
}

/**
 * Writes pictures and mono sound at 48 kHz into an MP4 file (H.264 and AAC). The file grows under another name beside
 * the wanted one and takes that only when `finish()` succeeds; closed before, it leaves nothing behind.
 */
export class Mp4Writer implements Closeable, AsyncDisposable {
  readonly #path: string;
  readonly #partPath: string;
  readonly #scope: Scope;
  readonly #format: FormatContext;
  readonly #video: Track;
  readonly #audio: Track;
  readonly #packet = new Packet();
  readonly #pictureFrames: PictureFrame[];
  readonly #audioFrame = new SampleFrame({ samples: AAC_SAMPLES, sampleRateHz: AUDIO_RATE_HZ, format: AV_SAMPLE_FMT_FLTP });
  #pendingSamples = 0;
  #writtenSamples = 0;
  #lastMediaUs = -Infinity;
  #writes = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #finishing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** Starts a file. @throws TypeError for a wrong option; Error when the folder cannot be written to. */
  static async open(path: string, options: Mp4WriterOptions): Promise<Mp4Writer> {
    checkPictureSize(options.width, options.height);
    const partPath = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
    const scope = new Scope();
    scope.defer(() => rm(partPath, { force: true }));
    try {
      const video = await openVideo(options);
      scope.defer(() => { video.freeContext(); });
      const audio = await openAudio();
      scope.defer(() => { audio.freeContext(); });
      const format = new FormatContext();
      checked(format.allocOutputContext2(null, 'mp4', partPath), 'prepare an MP4 file');
      scope.defer(() => format.closeOutput());
      const tracks = [
        addTrack(format, video, VIDEO_TICKS_HZ / FRAMES_HZ), addTrack(format, audio, AAC_SAMPLES),
      ] as const;
      checked(await format.openOutput(), `create a file in ${dirname(path)}`);
      // The index goes to the front at the end, so that players can start before all is loaded.
      checked(await format.writeHeader(Dictionary.fromObject({ movflags: '+faststart' })), 'start the file');
      return new Mp4Writer({ path, partPath, scope, format, video: tracks[0], audio: tracks[1], ...options });
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private constructor(parts: {
    path: string; partPath: string; scope: Scope; format: FormatContext; video: Track; audio: Track;
    width: number; height: number;
  }) {
    this.#path = parts.path;
    this.#partPath = parts.partPath;
    this.#scope = parts.scope;
    this.#format = parts.format;
    this.#video = parts.video;
    this.#audio = parts.audio;
    this.#packet.alloc();
    this.#pictureFrames = Array.from({ length: MOST_WRITES }, () => new PictureFrame(parts.width, parts.height));
    const owned = [this.#packet, this.#audioFrame, ...this.#pictureFrames];
    this.#scope.defer(() => {
      for (const one of owned) {
        one.free();
      }
    });
  }

  /**
   * Adds a picture at its media time; its data is copied before this call returns.
   * Rejects like `writeAudio`, and with TypeError when the size or the order of media times is wrong.
   */
  async writePicture(picture: Picture): Promise<void> {
    this.#assertWritable();
    if (!(picture.mediaUs > this.#lastMediaUs)) {
      throw new TypeError(`Media times must rise: ${picture.mediaUs} µs came after ${this.#lastMediaUs} µs.`);
    }
    const target = this.#pictureFrames[0]!;
    target.fill(picture);
    this.#pictureFrames.shift();
    this.#lastMediaUs = picture.mediaUs;
    target.frame.pts = BigInt(Math.round((picture.mediaUs * VIDEO_TICKS_HZ) / 1_000_000));
    await this.#enqueue(async () => {
      try {
        await this.#encode(this.#video, target.frame);
      } finally {
        this.#pictureFrames.push(target);
      }
    });
  }

  /**
   * Adds sound after all sound before it; the samples must not change until the promise settles.
   * Rejects with TypeError for another rate than 48 kHz, InvalidStateError after `finish()` or `close()` or when 4 writes
   * are under way, and with the error kept from the first write that failed.
   */
  async writeAudio(block: AudioBlock): Promise<void> {
    this.#assertWritable();
    if (block.sampleRateHz !== AUDIO_RATE_HZ) {
      throw new TypeError(`The sound of an MP4 has ${AUDIO_RATE_HZ} Hz, not ${block.sampleRateHz}.`);
    }
    await this.#enqueue(() => this.#addSamples(block.samples));
  }

  /** Writes what is left and gives the file its name. A failure leaves nothing behind. Rejects with InvalidStateError after `close()`. */
  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  /** Frees everything; without `finish()` before, the file is thrown away. */
  close(): Promise<void> {
    // What fails to finish is told there.
    this.#closing ??= Promise.allSettled([this.#tail, this.#finishing]).then(() => this.#scope.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertWritable(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (this.#finishing !== undefined || this.#closing !== undefined) {
      throw new InvalidStateError('The MP4 file is finished or closed.');
    }
    if (this.#writes >= MOST_WRITES) {
      throw new InvalidStateError(`${MOST_WRITES} writes are under way; wait for one before the next.`);
    }
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    this.#writes += 1;
    const written = this.#tail.then(async () => {
      try {
        if (this.#failure !== undefined) {
          throw this.#failure;
        }
        await write();
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        throw this.#failure;
      } finally {
        this.#writes -= 1;
      }
    });
    // The caller gets the failure; the tail only keeps the order.
    this.#tail = written.then(() => undefined, () => undefined);
    return written;
  }

  async #finish(): Promise<void> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The MP4 file was closed before it was finished, and thrown away.');
    }
    await this.#tail;
    try {
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      if (this.#pendingSamples > 0) {
        await this.#addSamples(new Float32Array(AAC_SAMPLES - this.#pendingSamples));
      }
      await this.#encode(this.#video, null);
      await this.#encode(this.#audio, null);
      checked(await this.#format.writeTrailer(), 'finish the file');
      await this.#format.closeOutput();
      await rename(this.#partPath, this.#path);
    } finally {
      await this.#scope.close();
    }
  }

  async #addSamples(samples: Float32Array): Promise<void> {
    for (let read = 0; read < samples.length;) {
      const taken = Math.min(AAC_SAMPLES - this.#pendingSamples, samples.length - read);
      this.#audioFrame.fill(samples.subarray(read, read + taken), this.#pendingSamples);
      this.#pendingSamples += taken;
      read += taken;
      if (this.#pendingSamples === AAC_SAMPLES) {
        this.#pendingSamples = 0;
        this.#audioFrame.frame.pts = BigInt(this.#writtenSamples);
        this.#writtenSamples += AAC_SAMPLES;
        await this.#encode(this.#audio, this.#audioFrame.frame);
      }
    }
  }

  async #encode({ context, stream, packetTicks }: Track, frame: Frame | null): Promise<void> {
    checked(await context.sendFrame(frame), 'encode');
    while (await context.receivePacket(this.#packet) >= 0) {
      this.#packet.streamIndex = stream.index;
      // Without a length, players would leave out the last picture.
      this.#packet.duration = BigInt(packetTicks);
      this.#packet.rescaleTs(context.timeBase, stream.timeBase);
      checked(await this.#format.interleavedWriteFrame(this.#packet), 'write to the file');
    }
  }
}

function openVideo({ width, height }: Mp4WriterOptions): Promise<CodecContext> {
  return openEncoderContext({
    encoder: FF_ENCODER_LIBX264,
    options: { preset: 'medium', crf: String(CRF) },
    configure: (context) => {
      context.width = width;
      context.height = height;
      context.pixelFormat = AV_PIX_FMT_YUV420P;
      setPictureColours(context);
      context.timeBase = new Rational(1, VIDEO_TICKS_HZ);
      context.framerate = new Rational(FRAMES_HZ, 1);
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    },
  });
}

function openAudio(): Promise<CodecContext> {
  return openEncoderContext({
    encoder: FF_ENCODER_AAC,
    options: {},
    configure: (context) => {
      context.sampleRate = AUDIO_RATE_HZ;
      context.sampleFormat = AV_SAMPLE_FMT_FLTP;
      context.channelLayout = AV_CHANNEL_LAYOUT_MONO;
      context.bitRate = BigInt(AUDIO_BITRATE_BPS);
      context.timeBase = new Rational(1, AUDIO_RATE_HZ);
      context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    },
  });
}

function addTrack(format: FormatContext, context: CodecContext, packetTicks: number): Track {
  const stream = format.newStream();
  stream.timeBase = context.timeBase;
  checked(stream.codecpar.fromContext(context), 'describe a track');
  return { context, stream, packetTicks };
}
