import { AV_PICTURE_TYPE_I, AV_PICTURE_TYPE_NONE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import type { EncodedUnit, VideoCodec } from '../base/encoded-unit.ts';
import { InvalidStateError } from '../base/errors.ts';
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
}

/** Pictures that may be under way or waiting; one more is refused. */
const MOST_PICTURES = 3;

/** Ticks of a picture at 25 frames a second, and of one at half that rate. */
const PICTURE_TICKS = VIDEO_TICKS_HZ / 25;
const MOST_TICKS = 2 * PICTURE_TICKS;

/** What a picture after a longer pause counts for: much changed since the one before, and it would be large enough to queue. */
const AFTER_PAUSE_TICKS = PICTURE_TICKS / 2;

const BITRATE_BPS = Object.freeze({ min: 30_000, max: 20_000_000 });

/** Turns one viewer's pictures into VP8 or H.264 (Annex B) units, in order, on libuv's threads. */
export class VideoEncoder implements Closeable, AsyncDisposable {
  readonly codec: VideoCodec;
  readonly width: number;
  readonly height: number;
  readonly #packet = new Packet();
  readonly #frames: readonly PictureFrame[];
  readonly #freeFrames: PictureFrame[];
  #context: CodecContext;
  /** What the context aims at. */
  #contextBps: number;
  #wantedBps: number;
  #lastMediaUs = -Infinity;
  /** The encoder's own time. */
  #ticks = 0;
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
    this.#context = context;
    this.#contextBps = options.bitrateBps;
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
    let ticks: number;
    try {
      ticks = this.#fill(frame, picture);
    } catch (error) {
      this.#freeFrames.push(frame);
      throw error;
    }
    const order = { mediaUs: picture.mediaUs, ticks, keyFrame: options.keyFrame === true };
    const unit = this.#tail.then(() => this.#encodeFrame(frame, order));
    // The caller gets the failure from the unit; the tail only keeps the order.
    this.#tail = unit.then(() => undefined, () => undefined);
    return unit;
  }

  /**
   * Asks for another bitrate from the next picture on; it costs no key frame.
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

  /** Copies a picture; returns the ticks that it stands for. */
  #fill(target: PictureFrame, picture: Picture): number {
    if (!(picture.mediaUs > this.#lastMediaUs)) {
      throw new TypeError(`Media times must rise: ${picture.mediaUs} µs came after ${this.#lastMediaUs} µs.`);
    }
    target.fill(picture);
    const ticks = ((picture.mediaUs - this.#lastMediaUs) * VIDEO_TICKS_HZ) / 1_000_000;
    this.#lastMediaUs = picture.mediaUs;
    return ticks > MOST_TICKS ? AFTER_PAUSE_TICKS : ticks;
  }

  async #encodeFrame(source: PictureFrame, { mediaUs, ticks, keyFrame }: { mediaUs: number; ticks: number; keyFrame: boolean }): Promise<EncodedUnit> {
    try {
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      await this.#prepare(keyFrame);
      const pace = this.#wantedBps / this.#contextBps;
      const { frame } = source;
      this.#ticks += Math.max(1, Math.round(ticks * pace));
      frame.pts = BigInt(this.#ticks);
      frame.duration = BigInt(Math.max(1, Math.round(PICTURE_TICKS * pace)));
      frame.pictType = keyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
      checked(await this.#context.sendFrame(frame), 'encode a picture');
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

  /**
   * Makes the context ready for the bitrate in force. An open VP8 context takes over none, but gives each picture the bits of
   * the time that it stands for: its time goes slower, and pictures get smaller. For a key frame it is opened anew, in about
   * 1 ms: what it learned of the pictures before makes it spend several times too much on those after a coarse key frame.
   */
  async #prepare(keyFrame: boolean): Promise<void> {
    if (LIVE_VIDEO_CODECS[this.codec].bitrateInPlace) {
      if (this.#wantedBps !== this.#contextBps) {
        setContextBitrate(this.#context, this.codec, this.#wantedBps);
        this.#contextBps = this.#wantedBps;
      }
    } else if (keyFrame && this.#ticks > 0) {
      const bitrateBps = this.#wantedBps;
      const context = await openVideoCodecContext(this.codec, { width: this.width, height: this.height, bitrateBps });
      this.#context.freeContext();
      this.#context = context;
      this.#contextBps = bitrateBps;
    }
  }
}

function checkBitrate(bitrateBps: number): void {
  if (!Number.isFinite(bitrateBps) || bitrateBps < BITRATE_BPS.min || bitrateBps > BITRATE_BPS.max) {
    throw new TypeError(`A video bitrate is ${BITRATE_BPS.min} to ${BITRATE_BPS.max} bit/s, not ${bitrateBps}.`);
  }
}
