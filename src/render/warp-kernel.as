// The two inner loops of the warp in AssemblyScript; test/render/build-kernel.ts compiles this file to warp-kernel.wasm,
// test/render/warp-kernel.test.ts holds both loops to plain JavaScript ones and the compiled file to this source.

/** One bilinear sample of a packed 4-byte-per-pixel picture: 8 words, the left pixel's share of 4 channels, then the right one's. */
// @ts-ignore: decorator
@inline
function taps(source: usize, strideBytes: i32, x: i32, y: i32, weights: usize): v128 {
  const at = source + <usize>((y >> 8) * strideBytes + ((x >> 8) << 2));
  const below = y & 255;
  const column = i16x8.shr_u(
    i16x8.add(
      i16x8.add(
        i16x8.mul(v128.load_ext<u8>(at), i16x8.splat(<i16>(256 - below))),
        i16x8.mul(v128.load_ext<u8>(at + <usize>strideBytes), i16x8.splat(<i16>below)),
      ),
      i16x8.splat(128),
    ),
    8,
  );
  return i16x8.mul(column, v128.load(weights + <usize>((x & 255) << 4)));
}

/** Two neighbouring output pixels: foreground (premultiplied by its matte) over background. Words: Y U V A Y U V A. */
// @ts-ignore: decorator
@inline
function over(left: v128, right: v128, background: usize): v128 {
  const front = i16x8.shr_u(
    i16x8.add(
      i16x8.add(v128.shuffle<u64>(left, right, 0, 2), v128.shuffle<u64>(left, right, 1, 3)),
      i16x8.splat(128),
    ),
    8,
  );
  const alpha = v128.shuffle<u16>(front, front, 3, 3, 3, 3, 7, 7, 7, 7);
  // 255 becomes 0 and 0 becomes 256: opaque and empty pixels come out exact.
  const rest = i16x8.sub(i16x8.sub(i16x8.splat(256), alpha), i16x8.shr_u(alpha, 7));
  const back = i16x8.shr_u(i16x8.add(i16x8.mul(v128.load_ext<u8>(background), rest), i16x8.splat(128)), 8);
  return i16x8.min_u(i16x8.add(front, back), i16x8.splat(255));
}

/**
 * Draws the cells of `spans` (three i32 each: cell row, first cell, end cell) as I420.
 * `offsets` holds two f32 per node: where its colour comes from, relative to the node, in pixels.
 * `source` has `pad` pixels around the picture; `background` has none.
 */
export function composite(
  source: usize, pad: i32, background: usize, width: i32, height: i32,
  offsets: usize, cell: i32, spans: usize, spanCount: i32, weights: usize, picture: usize,
): void {
  const columns = (width + cell - 1) / cell + 1;
  const strideBytes = (width + 2 * pad) * 4;
  const zero = f32x4.splat(0);
  const limitX = f32x4.splat(<f32>((width + 2 * pad - 1) * 256 - 1));
  const limitY = f32x4.splat(<f32>((height + 2 * pad - 1) * 256 - 1));
  const across = f32x4(0, 1, 0, 1);
  const down = f32x4(0, 0, 1, 1);
  const perCell = <f32>256 / <f32>cell;
  const perCell2 = perCell / <f32>cell;
  const planeU = picture + <usize>(width * height);
  const planeV = planeU + <usize>((width >> 1) * (height >> 1));
  for (let span = 0; span < spanCount; span++) {
    const row = load<i32>(spans + <usize>(span * 12));
    const first = load<i32>(spans + <usize>(span * 12), 4);
    const end = load<i32>(spans + <usize>(span * 12), 8);
    const top = row * cell;
    const tall = min(cell, height - top);
    for (let column = first; column < end; column++) {
      const left = column * cell;
      const wide = min(cell, width - left);
      const n00 = offsets + <usize>((row * columns + column) << 3);
      const n01 = n00 + <usize>(columns << 3);
      const x00 = load<f32>(n00), y00 = load<f32>(n00, 4), x10 = load<f32>(n00, 8), y10 = load<f32>(n00, 12);
      const x01 = load<f32>(n01), y01 = load<f32>(n01, 4), x11 = load<f32>(n01, 8), y11 = load<f32>(n01, 12);
      const xs = f32x4.splat(<f32>256 + (x10 - x00) * perCell);
      const xt = f32x4.splat((x01 - x00) * perCell);
      const xst = f32x4.splat((x11 - x10 - x01 + x00) * perCell2);
      const ys = f32x4.splat((y10 - y00) * perCell);
      const yt = f32x4.splat(<f32>256 + (y01 - y00) * perCell);
      const yst = f32x4.splat((y11 - y10 - y01 + y00) * perCell2);
      const x0 = f32x4.splat((<f32>(left + pad) + x00) * 256 + <f32>0.5);
      const y0 = f32x4.splat((<f32>(top + pad) + y00) * 256 + <f32>0.5);
      for (let t = 0; t < tall; t += 2) {
        const tv = f32x4.add(down, f32x4.splat(<f32>t));
        const stepX = f32x4.add(xs, f32x4.mul(tv, xst));
        const stepY = f32x4.add(ys, f32x4.mul(tv, yst));
        let x = f32x4.add(f32x4.add(x0, f32x4.mul(tv, xt)), f32x4.mul(across, stepX));
        let y = f32x4.add(f32x4.add(y0, f32x4.mul(tv, yt)), f32x4.mul(across, stepY));
        let back = background + <usize>(((top + t) * width + left) << 2);
        let luma = picture + <usize>((top + t) * width + left);
        let chroma = <usize>(((top + t) >> 1) * (width >> 1) + (left >> 1));
        for (let s = 0; s < wide; s += 2) {
          const xi = i32x4.trunc_sat_f32x4_s(f32x4.max(zero, f32x4.min(limitX, x)));
          const yi = i32x4.trunc_sat_f32x4_s(f32x4.max(zero, f32x4.min(limitY, y)));
          const upper = over(
            taps(source, strideBytes, v128.extract_lane<i32>(xi, 0), v128.extract_lane<i32>(yi, 0), weights),
            taps(source, strideBytes, v128.extract_lane<i32>(xi, 1), v128.extract_lane<i32>(yi, 1), weights),
            back,
          );
          const lower = over(
            taps(source, strideBytes, v128.extract_lane<i32>(xi, 2), v128.extract_lane<i32>(yi, 2), weights),
            taps(source, strideBytes, v128.extract_lane<i32>(xi, 3), v128.extract_lane<i32>(yi, 3), weights),
            back + <usize>(width << 2),
          );
          store<u8>(luma, <u8>v128.extract_lane<u16>(upper, 0));
          store<u8>(luma, <u8>v128.extract_lane<u16>(upper, 4), 1);
          store<u8>(luma + <usize>width, <u8>v128.extract_lane<u16>(lower, 0));
          store<u8>(luma + <usize>width, <u8>v128.extract_lane<u16>(lower, 4), 1);
          const rows = i16x8.add(upper, lower);
          const four = i16x8.shr_u(i16x8.add(i16x8.add(rows, v128.shuffle<u64>(rows, rows, 1, 0)), i16x8.splat(2)), 2);
          store<u8>(planeU + chroma, <u8>v128.extract_lane<u16>(four, 1));
          store<u8>(planeV + chroma, <u8>v128.extract_lane<u16>(four, 2));
          x = f32x4.add(x, f32x4.add(stepX, stepX));
          y = f32x4.add(y, f32x4.add(stepY, stepY));
          back += 8;
          luma += 2;
          chroma += 1;
        }
      }
    }
  }
}

/**
 * One pass of offset ← −displacement(node + offset) over the nodes of `spans` (three i32 each: node row, first, end).
 * Returns the largest change of a coordinate, in pixels.
 */
export function invert(displacement: usize, offsets: usize, spans: usize, spanCount: i32, columns: i32, rows: i32, cell: i32): f32 {
  const perPixel = <f32>1 / <f32>cell;
  const limitX = <f32>(columns - 1) - <f32>0.001;
  const limitY = <f32>(rows - 1) - <f32>0.001;
  let worst = f32x4.splat(0);
  for (let span = 0; span < spanCount; span++) {
    const row = load<i32>(spans + <usize>(span * 12));
    const first = load<i32>(spans + <usize>(span * 12), 4);
    const end = load<i32>(spans + <usize>(span * 12), 8);
    let at = offsets + <usize>((row * columns + first) << 3);
    for (let column = first; column < end; column++) {
      const old = v128.load64_zero(at);
      const x = max<f32>(0, min<f32>(limitX, <f32>column + f32x4.extract_lane(old, 0) * perPixel));
      const y = max<f32>(0, min<f32>(limitY, <f32>row + f32x4.extract_lane(old, 1) * perPixel));
      const xi = <i32>x;
      const yi = <i32>y;
      const node = displacement + <usize>((yi * columns + xi) << 3);
      const above = v128.load(node);
      const below = v128.load(node + <usize>(columns << 3));
      const line = f32x4.add(above, f32x4.mul(f32x4.sub(below, above), f32x4.splat(y - <f32>yi)));
      const right = v128.shuffle<u64>(line, line, 1, 0);
      const value = f32x4.neg(f32x4.add(line, f32x4.mul(f32x4.sub(right, line), f32x4.splat(x - <f32>xi))));
      worst = f32x4.max(worst, f32x4.abs(f32x4.sub(v128.shuffle<u64>(value, old, 0, 3), old)));
      v128.store64_lane(at, value, 0);
      at += 8;
    }
  }
  return max(f32x4.extract_lane(worst, 0), f32x4.extract_lane(worst, 1));
}
