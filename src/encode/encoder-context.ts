import type { FFEncoderCodec } from 'node-av/constants';
import { Codec, CodecContext, Dictionary } from 'node-av/lib';
import { checked } from './checked.ts';

/** What `openEncoderContext` opens. */
export interface EncoderContextOptions {
  /** libav's name of the encoder. */
  readonly encoder: FFEncoderCodec;
  /** Sets the context's fields before it is opened. */
  readonly configure: (context: CodecContext) => void;
  /** The encoder's own options. */
  readonly options: Readonly<Record<string, string>>;
}

/** Opens a libav encoder; the caller frees the context. */
export async function openEncoderContext({ encoder, configure, options }: EncoderContextOptions): Promise<CodecContext> {
  const codec = Codec.findEncoderByName(encoder);
  if (codec === null) {
    throw new Error(`This build of node-av has no ${encoder} encoder; install the version that package.json names.`);
  }
  const context = new CodecContext();
  context.allocContext3(codec);
  try {
    configure(context);
    // Asynchronous on purpose: node-av's open2Sync frees the dictionary twice and crashes at a later collection.
    checked(await context.open2(codec, Dictionary.fromObject(options)), `open ${encoder}`);
  } catch (error) {
    context.freeContext();
    throw error;
  }
  return context;
}
