const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/**
 * Returns the IEEE 754 half-precision bits of float32 values, rounded to nearest even.
 * Values beyond ±65504 become infinity; not-a-number stays so.
 */
export function toHalfFloats(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    halves[i] = halfBits(words[i]!);
  }
  return halves;
}

/** Returns the values of half-precision bits. */
export function fromHalfFloats(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const sign = half >= 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) {
      return fraction === 0 ? sign * Infinity : NaN;
    }
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

function halfBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude >= 0x47800000) {
    // 65536 or more, infinity, or not a number.
    return magnitude > 0x7f800000 ? sign | 0x7e00 : sign | 0x7c00;
  }
  if (magnitude >= 0x38800000) {
    // Normal: re-bias the exponent and round; a carry into the exponent is what rounding up means.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude < 0x33000000) {
    return sign;
  }
  // Subnormal: adding 0.5 shifts the value to the last bits of the float and rounds to even.
  bits[0] = magnitude;
  value[0] = value[0]! + 0.5;
  return sign | (bits[0] - 0x3f000000);
}
