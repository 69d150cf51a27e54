import type { EncodedUnit } from '../base/encoded-unit.ts';
import type { Picture } from '../base/picture.ts';
import type { Closeable } from '../base/scope.ts';
import { HalfSize } from './half-size.ts';
import { VideoEncoder } from './video-encoder.ts';
import type { VideoEncoderOptions } from './video-encoder.ts';

/** Below this bitrate pictures are sent at half their width and height. */
const HALF_SIZE_BELOW_BPS = 100_000;

/** From this bitrate on they are sent whole again, before the frame rate becomes whole. */
const WHOLE_SIZE_FROM_BPS = 115_000;

/**
 * Encodes one viewer's pictures like `VideoEncoder`, at half size while the bitrate is so low that a whole picture would
 * be blocks. The first picture of another size is a key frame; viewers stretch it to the same place.
 */
export class SizedEncoder implements Closeable, AsyncDisposable {
  readonly #options: VideoEncoderOptions;
  readonly #half: HalfSize;
  #encoder: VideoEncoder;
  #halved = false;
  /** Settles when the encoder may be used: the one before has given out all it had. */
  #changing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Opens an encoder at whole size. @throws TypeError when an option is out of its range. */
  static async open(options: VideoEncoderOptions): Promise<SizedEncoder> {
    return new SizedEncoder(options, await VideoEncoder.open(options));
  }

  private constructor(options: VideoEncoderOptions, encoder: VideoEncoder) {
    this.#options = options;
    this.#encoder = encoder;
    this.#half = new HalfSize(options.width, options.height);
  }

  /** The bitrate asked for last, in bits a second. */
  get bitrateBps(): number {
    return this.#encoder.bitrateBps;
  }

  /** True while pictures are sent at half size. */
  get halved(): boolean {
    return this.#halved;
  }

  /** Asks for another bitrate, and with it perhaps for another size, from the next picture on. @throws TypeError as `VideoEncoder.setBitrate`. */
  setBitrate(bitrateBps: number): void {
    this.#encoder.setBitrate(bitrateBps);
    const halve = bitrateBps < (this.#halved ? WHOLE_SIZE_FROM_BPS : HALF_SIZE_BELOW_BPS);
    if (halve !== this.#halved && this.#closing === undefined) {
      this.#halved = halve;
      this.#changing = this.#changing.then(() => this.#reopen(halve)).catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error));
      });
    }
  }

  /** Encodes a picture, which must stay valid until the promise settles. Rejects as `VideoEncoder.encode`. */
  async encode(picture: Picture, options: { keyFrame?: boolean } = {}): Promise<EncodedUnit> {
    await this.#changing;
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    return this.#encoder.encode(this.#encoder.width === picture.width ? picture : this.#half.of(picture), options);
  }

  /** Waits for the pictures under way, then frees the encoder. */
  close(): Promise<void> {
    this.#closing ??= this.#changing.then(() => this.#encoder.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #reopen(halved: boolean): Promise<void> {
    const { width, height } = halved ? this.#half : this.#options;
    const before = this.#encoder;
    const encoder = await VideoEncoder.open({ ...this.#options, width, height, bitrateBps: before.bitrateBps });
    // Its bitrate may have changed while the new one was opened.
    encoder.setBitrate(before.bitrateBps);
    this.#encoder = encoder;
    await before.close();
  }
}
