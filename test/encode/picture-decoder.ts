import { AV_CODEC_ID_H264, AV_CODEC_ID_VP8 } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import type { EncodedUnit, VideoCodec } from '../../src/base/encoded-unit.ts';

/** Decodes units back to I420, for looking at what an encoder did. */
export class PictureDecoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();

  private constructor() {
    this.#packet.alloc();
    this.#frame.alloc();
  }

  static async open(codec: VideoCodec): Promise<PictureDecoder> {
    const decoder = new PictureDecoder();
    const found = Codec.findDecoder(codec === 'vp8' ? AV_CODEC_ID_VP8 : AV_CODEC_ID_H264);
    if (found === null) {
      throw new Error(`no decoder for ${codec}`);
    }
    decoder.#context.allocContext3(found);
    decoder.#context.threadCount = 1;
    await decoder.#context.open2(found, null);
    return decoder;
  }

  /** Decodes one unit; `colours` are libav's numbers of range, matrix, primaries and transfer, as the stream says them. */
  decode(unit: EncodedUnit): { width: number; height: number; data: Uint8Array; colours: number[] } {
    this.#packet.data = Buffer.from(unit.data);
    const sent = this.#context.sendPacketSync(this.#packet);
    const received = this.#context.receiveFrameSync(this.#frame);
    if (sent < 0 || received < 0) {
      throw new Error(`cannot decode: ${sent}, ${received}`);
    }
    const { colorRange, colorSpace, colorPrimaries, colorTrc } = this.#frame;
    const picture = { width: this.#frame.width, height: this.#frame.height, data: new Uint8Array(this.#frame.toBuffer()), colours: [colorRange, colorSpace, colorPrimaries, colorTrc] };
    this.#frame.unref();
    return picture;
  }

  close(): void {
    this.#frame.free();
    this.#packet.free();
    this.#context.freeContext();
  }
}
