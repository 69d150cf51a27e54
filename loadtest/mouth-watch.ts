import { AV_CODEC_ID_VP8 } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';

/** Width of the picture in which boxes are told. */
const WHOLE_PX = 512;

/** Box of the mouth of the default portrait, in pixels of 512 × 512. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Decodes received VP8 frames and says how much the mouth's box changed since the frame before. */
export class MouthWatch {
  readonly #context: CodecContext;
  readonly #frame = new Frame();
  readonly #packet = new Packet();
  readonly #box: Box;
  #last: Uint8Array | undefined;
  #width = 0;

  static async open(box: Box): Promise<MouthWatch> {
    const codec = Codec.findDecoder(AV_CODEC_ID_VP8);
    const context = new CodecContext();
    context.allocContext3(codec);
    context.threadCount = 1;
    const status = await context.open2(codec, null);
    if (status < 0) {
      throw new Error(`The VP8 decoder did not open: ${status}.`);
    }
    return new MouthWatch(box, context);
  }

  private constructor(box: Box, context: CodecContext) {
    this.#box = box;
    this.#context = context;
    this.#frame.alloc();
    this.#packet.alloc();
  }

  /** Width of the last decoded picture, in pixels; 0 before the first. */
  get width(): number {
    return this.#width;
  }

  /** Returns the mean absolute change of luma in the box, 0..255; 0 for the first frame and for the first of another size; undefined when nothing can be decoded. */
  change(data: Uint8Array): number | undefined {
    this.#packet.data = Buffer.from(data);
    this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (this.#context.receiveFrameSync(this.#frame) < 0) {
      return undefined;
    }
    const now = this.#luma();
    this.#frame.unref();
    const last = this.#last;
    this.#last = now;
    return last?.length !== now.length ? 0 : now.reduce((sum, value, index) => sum + Math.abs(value - last[index]!), 0) / now.length;
  }

  /** Brightness in the box; pictures are sent smaller on narrow links. */
  #luma(): Uint8Array {
    this.#width = this.#frame.width;
    const [left, top, width, height] = [this.#box.left, this.#box.top, this.#box.width, this.#box.height]
      .map((pixels) => Math.round((pixels * this.#width) / WHOLE_PX)) as [number, number, number, number];
    const pixels = this.#frame.toBuffer();
    const luma = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const from = (top + row) * this.#width + left;
      luma.set(pixels.subarray(from, from + width), row * width);
    }
    return luma;
  }

  close(): void {
    this.#context.freeContext();
    this.#frame.free();
    this.#packet.free();
  }
}
