import { readFile } from 'node:fs/promises';

/** Samples of a 16-bit mono WAV file. */
export interface WavFile {
  readonly rateHz: number;
  readonly samples: Int16Array;
}

/** Reads a plain 16-bit mono WAV file. @throws Error for any other form. */
export async function readWavFile(path: string | URL): Promise<WavFile> {
  const bytes = await readFile(path);
  const dataAt = bytes.indexOf('data', 12, 'latin1');
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || dataAt < 0 || bytes.readUInt16LE(22) !== 1 || bytes.readUInt16LE(34) !== 16) {
    throw new Error(`${String(path)} is no 16-bit mono WAV file.`);
  }
  const length = Math.min(bytes.readUInt32LE(dataAt + 4), bytes.length - dataAt - 8);
  return { rateHz: bytes.readUInt32LE(24), samples: new Int16Array(bytes.buffer.slice(bytes.byteOffset + dataAt + 8, bytes.byteOffset + dataAt + 8 + (length & ~1))) };
}

/** Returns a plain 16-bit mono WAV file. */
export function wavBytes({ rateHz, samples }: WavFile): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE(2 * rateHz, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
