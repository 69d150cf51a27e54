// The inner loops that lay a drawn face into a picture, in AssemblyScript; test/render/build-kernel.ts compiles this file to
// paste-kernel.wasm, test/render/sadtalker/face-paster.test.ts holds the loops to plain JavaScript ones, equal to the last bit.

/** Two factors of 16 bits, over and over, for sums of two products. */
// @ts-ignore: decorator
@inline
function pairs(first: i32, second: i32): v128 {
  return i32x4.splat((second << 16) | (first & 0xffff));
}

/** Sums of two products in each half of two rows of 8 words: lane by lane, first × the first factor + second × the second one. */
// @ts-ignore: decorator
@inline
function lowSums(first: v128, second: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11), factors);
}

// @ts-ignore: decorator
@inline
function highSums(first: v128, second: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15), factors);
}

/** One I420 component of 8 colours, words: (r × and b × the pair `rb`, g × the sum of the pair `gg`, + offset) >> shift. */
// @ts-ignore: decorator
@inline
function component(r: v128, g: v128, b: v128, rb: v128, gg: v128, offset: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.add(lowSums(r, b, rb), lowSums(g, g, gg)), offset), shift),
    i32x4.shr_s(i32x4.add(i32x4.add(highSums(r, b, rb), highSums(g, g, gg)), offset), shift),
  );
}

/** BT.601 luma, limited range, of 16 pixels; factors over 2¹⁶. That of green does not fit in a signed word, its halves do. */
// @ts-ignore: decorator
@inline
function luma(r: v128, g: v128, b: v128): v128 {
  const rb = pairs(16829, 6416);
  const gg = pairs(16520, 16519);
  const offset = i32x4.splat((16 << 16) + (1 << 15));
  return i8x16.narrow_i16x8_u(
    component(i16x8.extend_low_i8x16_u(r), i16x8.extend_low_i8x16_u(g), i16x8.extend_low_i8x16_u(b), rb, gg, offset, 16),
    component(i16x8.extend_high_i8x16_u(r), i16x8.extend_high_i8x16_u(g), i16x8.extend_high_i8x16_u(b), rb, gg, offset, 16),
  );
}

/** Sums of 8 blocks of 2 × 2 bytes. */
// @ts-ignore: decorator
@inline
function blocks(above: v128, below: v128): v128 {
  return i16x8.add(i16x8.extadd_pairwise_i8x16_u(above), i16x8.extadd_pairwise_i8x16_u(below));
}

/** Turns three square planes, red, green and blue, into those of an I420 picture. `side` is a multiple of 16. */
export function convert(rgb: usize, side: i32, planes: usize): void {
  const pixels = <usize>(side * side);
  let chroma = planes + pixels;
  for (let row = 0; row < side; row += 2) {
    for (let column = 0; column < side; column += 16) {
      const above = <usize>(row * side + column);
      const below = above + <usize>side;
      const r0 = v128.load(rgb + above), r1 = v128.load(rgb + below);
      const g0 = v128.load(rgb + pixels + above), g1 = v128.load(rgb + pixels + below);
      const b0 = v128.load(rgb + 2 * pixels + above), b1 = v128.load(rgb + 2 * pixels + below);
      v128.store(planes + above, luma(r0, g0, b0));
      v128.store(planes + below, luma(r1, g1, b1));
      const r = blocks(r0, r1);
      const g = blocks(g0, g1);
      const b = blocks(b0, b1);
      // Sums of four pixels: two more bits. The factors add up to 0, so that grey stays grey.
      const offset = i32x4.splat((128 << 18) + (1 << 17));
      const u = component(r, g, b, pairs(-9714, 28784), pairs(-9535, -9535), offset, 18);
      const v = component(r, g, b, pairs(28784, -4681), pairs(-12052, -12051), offset, 18);
      const both = i8x16.narrow_i16x8_u(u, v);
      v128.store64_lane(chroma, both, 0);
      v128.store64_lane(chroma + (pixels >> 2), both, 1);
      chroma += 8;
    }
  }
}

/**
 * Stretches one source row. `columns` has 64 bytes for 8 columns: the first of two neighbouring source pixels (u16 each), both
 * their weights over 2⁸ (two i16 each), and the face's share (u16 each). Writes words: 2⁸ × the value − 2¹⁵.
 */
// @ts-ignore: decorator
@inline
function stretch(source: usize, columns: usize, width: i32, line: usize): void {
  const middle = i32x4.splat(32768);
  for (let column = 0; column < width; column += 8) {
    // Bytes: left, right, left, right, …
    let taps = v128.load16_splat(source + <usize>load<u16>(columns));
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 2), taps, 1);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 4), taps, 2);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 6), taps, 3);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 8), taps, 4);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 10), taps, 5);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 12), taps, 6);
    taps = v128.load16_lane(source + <usize>load<u16>(columns, 14), taps, 7);
    v128.store(line, i16x8.narrow_i32x4_s(
      i32x4.sub(i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(taps), v128.load(columns, 16)), middle),
      i32x4.sub(i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(taps), v128.load(columns, 32)), middle),
    ));
    columns += 64;
    line += 16;
  }
}

/** Four pixels over the base: base + (value − base) × share, over 2¹⁶. */
// @ts-ignore: decorator
@inline
function over(value: v128, base: v128, share: v128): v128 {
  return i32x4.add(base, i32x4.shr_s(i32x4.add(i32x4.mul(i32x4.sub(value, base), share), i32x4.splat(32768)), 16));
}

/**
 * Lays a square plane over the pixels of a box: bilinear, feathered. `width` is a multiple of 8, and also the box's stride.
 * `rows` has four i32 for each row: the first of two neighbouring source rows, the weight of the second over 2⁸, the face's
 * share over 2⁸, nothing. `lines` is room for two stretched rows.
 */
export function paste(source: usize, side: i32, columns: usize, width: i32, rows: usize, height: i32, lines: usize, box: usize): void {
  let upper = lines;
  let lower = lines + <usize>(width << 1);
  let held = -2;
  for (let row = 0; row < height; row++) {
    const first = load<i32>(rows);
    const weight = load<i32>(rows, 4);
    const share = load<i32>(rows, 8);
    const faded = share < 256;
    if (first != held) {
      const spare = upper;
      upper = lower;
      lower = spare;
      if (first != held + 1) {
        stretch(source + <usize>(first * side), columns, width, upper);
      }
      stretch(source + <usize>((first + 1) * side), columns, width, lower);
      held = first;
    }
    const weights = pairs(256 - weight, weight);
    // Half, and 2⁸ × the 2¹⁵ that stretched values lack.
    const rounding = i32x4.splat(32768 + (1 << 23));
    for (let column = 0; column < width; column += 8) {
      const above = v128.load(upper + <usize>(column << 1));
      const below = v128.load(lower + <usize>(column << 1));
      const low = i32x4.shr_s(i32x4.add(lowSums(above, below, weights), rounding), 16);
      const high = i32x4.shr_s(i32x4.add(highSums(above, below, weights), rounding), 16);
      const shares = v128.load(columns + <usize>(column << 3), 48);
      let words = i16x8.narrow_i32x4_s(low, high);
      // Most pixels are all face.
      if (faded || !i16x8.all_true(i16x8.eq(shares, i16x8.splat(256)))) {
        const base = v128.load_ext<u8>(box);
        words = i16x8.narrow_i32x4_s(
          over(low, i32x4.extend_low_i16x8_u(base), i32x4.extmul_low_i16x8_u(shares, i16x8.splat(<i16>share))),
          over(high, i32x4.extend_high_i16x8_u(base), i32x4.extmul_high_i16x8_u(shares, i16x8.splat(<i16>share))),
        );
      }
      v128.store64_lane(box, i8x16.narrow_i16x8_u(words, words), 0);
      box += 8;
    }
    rows += 16;
  }
}
