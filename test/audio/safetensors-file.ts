import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Reads the float32 tensors of a gzipped safetensors fixture. */
export function readTensors(name: string): Map<string, { shape: readonly number[]; data: Float32Array }> {
  const bytes = gunzipSync(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry>;
  return new Map(Object.entries(header).map(([key, { shape, data_offsets: [from, to] }]) => {
    const raw = bytes.subarray(8 + headerBytes + from, 8 + headerBytes + to);
    const data = Float32Array.from({ length: raw.length / 4 }, (_, n) => raw.readFloatLE(4 * n));
    return [key, { shape, data }];
  }));
}
