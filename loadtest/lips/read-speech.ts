import { SpeechFileReader } from '../../src/encode/speech-file-reader.ts';

const RATE_HZ = 16_000;

/** Reads a whole sound file of any kind and rate as 16 kHz mono. */
export async function readSpeech(path: string): Promise<Float32Array> {
  await using reader = await SpeechFileReader.open(path, { sampleRateHz: RATE_HZ });
  const blocks: Float32Array[] = [];
  let length = 0;
  for await (const block of reader) {
    blocks.push(block.samples);
    length += block.samples.length;
  }
  const samples = new Float32Array(length);
  let at = 0;
  for (const block of blocks) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}
