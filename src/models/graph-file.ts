import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type OnnxGraph, onnxModelFile } from './onnx-model-file.ts';

/** What was written. */
export interface WrittenFile {
  readonly byteLength: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** Small pieces are gathered into writes of this size. */
const GATHERED_BYTES = 1 << 20;

/**
 * Writes a graph as an ONNX file, one tensor in memory at a time.
 * @throws the signal's reason when it is aborted.
 */
export async function writeGraphFile(path: string, graph: OnnxGraph, options: { signal?: AbortSignal | undefined; onBytes?: ((count: number) => void) | undefined } = {}): Promise<WrittenFile> {
  const { signal, onBytes } = options;
  const hash = createHash('sha256');
  const model = onnxModelFile(graph);
  await using file = await open(path, 'w');
  const write = async (piece: Uint8Array): Promise<void> => {
    signal?.throwIfAborted();
    hash.update(piece);
    await file.writeFile(piece);
    onBytes?.(piece.byteLength);
  };
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  const flush = async (): Promise<void> => {
    await write(Buffer.concat(gathered));
    gathered = [];
    gatheredBytes = 0;
  };
  for (const chunk of model.chunks()) {
    if (chunk.byteLength >= GATHERED_BYTES) {
      await flush();
      await write(chunk);
      continue;
    }
    gathered.push(chunk);
    gatheredBytes += chunk.byteLength;
    if (gatheredBytes >= GATHERED_BYTES) {
      await flush();
    }
  }
  await flush();
  await file.sync();
  return { byteLength: model.byteLength, sha256: hash.digest('hex') };
}
