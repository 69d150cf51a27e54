import { AvatarError } from '../base/errors.ts';

/**
 * Returns the samples of 16-bit little-endian signed PCM as −1..1 (divided by 32768).
 * @throws AvatarError `odd_byte_count` when a sample is cut in half.
 */
export function pcm16ToFloat(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 2 !== 0) {
    throw new AvatarError('odd_byte_count', `PCM is s16le, two bytes per sample, but ${bytes.byteLength} bytes came. Send whole samples.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength / 2);
  for (let n = 0; n < samples.length; n++) {
    samples[n] = view.getInt16(2 * n, true) / 32_768;
  }
  return samples;
}
