import { AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_NONE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import type { EncodedUnit, VideoCodec } from '../base/encoded-unit.ts';
import { InvalidStateError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';
import type { Picture } from '../base/picture.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';
import { PictureFrame, checkPictureSize } from './picture-frame.ts';
import { LIVE_VIDEO_CODECS, VIDEO_TICKS_HZ, openVideoCodecContext, setContextBitrate } from './video-codec-context.ts';

/** How a video encoder is opened. */
export interface VideoEncoderOptions {
  readonly codec: VideoCodec;
  /** Picture size in pixels, even, 16 to 4096. */
  readonly width: number;
  readonly height: number;
  /** Bits a second to aim at, 30,000 to 20,000,000. */
  readonly bitrateBps: number;
  /** Begin with a small, coarse key frame, because the viewer's path overflows. Default: false. */
  readonly lean?: boolean;
  /** Default: keeps nothing. */
  readonly logger?: Logger;
}

/** Pictures that may be under way or waiting; one more is refused. */
const MOST_PICTURES = 3;

/** Relative change of bitrate below which VP8 is not reopened: reopening costs a key frame. */
const LEAST_BITRATE_CHANGE = 0.15;

const BITRATE_BPS = Object.freeze({ min: 30_000, max: 20_000_000 });

/** Turns one viewer's pictures into VP8 or H.264 (Annex B) units, in order, on libuv's threads. */
export class VideoEncoder implements Closeable, AsyncDisposable {
  readonly codec: VideoCodec;
  readonly width: number;
  readonly height: number;
  readonly #logger: Logger;
  readonly #packet = new Packet();
  readonly #frames: readonly PictureFrame[];
  readonly #freeFrames: PictureFrame[];
  #context: CodecContext;
  #openedBps: number;
  #wantedBps: number;
  #lastMediaUs = -Infinity;
  /** Settles when everything asked for so far is done: calls on one context must never overlap. */
  #tail: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Opens an encoder. @throws TypeError when an option is out of its range. */
  static async open(options: VideoEncoderOptions): Promise<VideoEncoder> {
    checkPictureSize(options.width, options.height);
    checkBitrate(options.bitrateBps);
    return new VideoEncoder(options, await openVideoCodecContext(options.codec, options));
  }

  private constructor(options: VideoEncoderOptions, context: CodecContext) {
    this.codec = options.codec;
    this.width = options.width;
    this.height = options.height;
    this.#logger = options.logger ?? silentLogger;
    this.#context = context;
    this.#openedBps = options.bitrateBps;
    this.#wantedBps = options.bitrateBps;
    this.#packet.alloc();
    this.#frames = Array.from({ length: MOST_PICTURES }, () => new PictureFrame(this.width, this.height));
    this.#freeFrames = [...this.#frames];
  }

  /** The bitrate asked for last, in bits a second. */
  get bitrateBps(): number {
    return this.#wantedBps;
  }

  /**
   * Encodes a picture. Its data is copied before this call returns: the picture may be released at once.
   * Rejects with InvalidStateError when closed or when 3 pictures are under way, TypeError when the size or the
   * order of media times is wrong, and with the error kept from the first call that failed.
   */
  async encode(picture: Picture, options: { keyFrame?: boolean } = {}): Promise<EncodedUnit> {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The video encoder is closed.');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    const frame = this.#freeFrames.pop();
    if (frame === undefined) {
      throw new InvalidStateError(`${MOST_PICTURES} pictures are being encoded; wait for one before the next.`);
    }
    try {
      this.#fill(frame, picture, options.keyFrame === true);
    } catch (error) {
      this.#freeFrames.push(frame);
      throw error;
    }
    const { mediaUs } = picture;
    const unit = this.#tail.then(() => this.#encodeFrame(frame, mediaUs));
    // The caller gets the failure from the unit; the tail only keeps the order.
    this.#tail = unit.then(() => undefined, () => undefined);
    return unit;
  }

  /**
   * Asks for another bitrate from the next picture on. H.264 takes it over as it is; VP8 reopens its encoder
   * (about 1 ms and a key frame), only when the change is over 15 %.
   * @throws TypeError outside 30 kbit/s to 20 Mbit/s.
   */
  setBitrate(bitrateBps: number): void {
    checkBitrate(bitrateBps);
    this.#wantedBps = bitrateBps;
  }

  /** Waits for the pictures under way, then frees the encoder. */
  close(): Promise<void> {
    this.#closing ??= this.#tail.then(() => {
      this.#context.freeContext();
      this.#packet.free();
      for (const frame of this.#frames) {
        frame.free();
      }
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #fill(target: PictureFrame, picture: Picture, keyFrame: boolean): void {
    if (!(picture.mediaUs > this.#lastMediaUs)) {
      throw new TypeError(`Media times must rise: ${picture.mediaUs} µs came after ${this.#lastMediaUs} µs.`);
    }
    target.fill(picture);
    const { frame } = target;
    frame.pts = BigInt(Math.round((picture.mediaUs * VIDEO_TICKS_HZ) / 1_000_000));
    frame.duration = BigInt(VIDEO_TICKS_HZ / 25);
    frame.pictType = keyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    this.#lastMediaUs = picture.mediaUs;
  }

  async #encodeFrame(source: PictureFrame, mediaUs: number): Promise<EncodedUnit> {
    try {
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      await this.#takeOverBitrate();
      checked(await this.#context.sendFrame(source.frame), 'encode a picture');
      // The work was done in sendFrame; fetching the result needs no thread.
      checked(this.#context.receivePacketSync(this.#packet), 'give the encoded picture');
      const unit: EncodedUnit = {
        kind: 'video', data: Uint8Array.from(this.#packet.data ?? []), mediaUs, keyFrame: this.#packet.isKeyframe,
      };
      this.#packet.unref();
      return unit;
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    } finally {
      this.#freeFrames.push(source);
    }
  }

  async #takeOverBitrate(): Promise<void> {
    const wantedBps = this.#wantedBps;
    if (wantedBps === this.#openedBps) {
      return;
    }
    if (LIVE_VIDEO_CODECS[this.codec].bitrateInPlace) {
      setContextBitrate(this.#context, this.codec, wantedBps);
    } else if (Math.abs(wantedBps / this.#openedBps - 1) > LEAST_BITRATE_CHANGE) {
      const context = await openVideoCodecContext(this.codec, {
        width: this.width, height: this.height, bitrateBps: wantedBps, lean: wantedBps < this.#openedBps,
      });
      this.#context.freeContext();
      this.#context = context;
    } else {
      return;
    }
    this.#logger.debug({ codec: this.codec, fromBps: this.#openedBps, toBps: wantedBps }, 'video bitrate changed');
    this.#openedBps = wantedBps;
  }
}

function checkBitrate(bitrateBps: number): void {
  if (!Number.isFinite(bitrateBps) || bitrateBps < BITRATE_BPS.min || bitrateBps > BITRATE_BPS.max) {
    throw new TypeError(`A video bitrate is ${BITRATE_BPS.min} to ${BITRATE_BPS.max} bit/s, not ${bitrateBps}.`);
  }
}
