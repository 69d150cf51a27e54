import { AV_CODEC_ID_VP8 } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';

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

  /** Returns the mean absolute change of luma in the box, 0..255; 0 for the first frame. */
  change(data: Uint8Array): number {
    this.#packet.data = Buffer.from(data);
    this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (this.#context.receiveFrameSync(this.#frame) < 0) {
      return 0;
    }
    const pixels = this.#frame.toBuffer();
    const now = new Uint8Array(this.#box.width * this.#box.height);
    for (let row = 0; row < this.#box.height; row++) {
      const from = (this.#box.top + row) * this.#frame.width + this.#box.left;
      now.set(pixels.subarray(from, from + this.#box.width), row * this.#box.width);
    }
    this.#frame.unref();
    const last = this.#last;
    this.#last = now;
    return last === undefined ? 0 : now.reduce((sum, value, index) => sum + Math.abs(value - last[index]!), 0) / now.length;
  }

  close(): void {
    this.#context.freeContext();
    this.#frame.free();
    this.#packet.free();
  }
}
