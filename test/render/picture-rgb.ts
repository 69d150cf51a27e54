/** Turns an I420 picture (BT.601, limited range) into RGB, `width * height * 3` bytes. */
export function pictureRgb(picture: Uint8Array, width: number, height: number): Buffer {
  const rgb = Buffer.alloc(width * height * 3);
  const planeU = width * height;
  const planeV = planeU + planeU / 4;
  const byte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const chroma = (y >> 1) * (width >> 1) + (x >> 1);
      const luma = 1.164383 * (picture[y * width + x]! - 16);
      const u = picture[planeU + chroma]! - 128;
      const v = picture[planeV + chroma]! - 128;
      const at = (y * width + x) * 3;
      rgb[at] = byte(luma + 1.596027 * v);
      rgb[at + 1] = byte(luma - 0.391762 * u - 0.812968 * v);
      rgb[at + 2] = byte(luma + 2.017232 * u);
    }
  }
  return rgb;
}
