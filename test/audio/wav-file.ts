import { readFileSync } from 'node:fs';
import { pcm16ToFloat } from '../../src/audio/pcm16.ts';

/** Reads a 16-bit mono WAV fixture. */
export function readWav(name: string): Float32Array {
  const bytes = readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 4);
    if (bytes.toString('latin1', at, at + 4) === 'data') {
      return pcm16ToFloat(bytes.subarray(at + 8, at + 8 + size));
    }
    at += 8 + size + (size % 2);
  }
  throw new Error(`${name} has no data chunk.`);
}
