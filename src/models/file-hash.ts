import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const READ_BYTES = 4 << 20;

/** Returns the SHA-256 of a file in hexadecimal, and its length; `onBytes` hears of each piece. */
export async function hashFile(path: string, options: { signal?: AbortSignal | undefined; onBytes?: ((count: number) => void) | undefined } = {}): Promise<{ byteLength: number; sha256: string }> {
  const hash = createHash('sha256');
  let byteLength = 0;
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  const consume = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      hash.update(piece);
      byteLength += piece.byteLength;
      options.onBytes?.(piece.byteLength);
    }
  };
  await pipeline(stream, consume, options.signal === undefined ? {} : { signal: options.signal });
  return { byteLength, sha256: hash.digest('hex') };
}
