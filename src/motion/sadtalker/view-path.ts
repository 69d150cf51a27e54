/**
 * Returns one head angle in degrees per frame along a list of angles, each step of equal size, the last step held: the
 * reference's free view (`input_yaw`, `input_pitch`, `input_roll`). One value is held throughout. Equal neighbours take no
 * time, and a single frame shows the first angle, where the reference divides by zero.
 */
export function viewPath(anglesDeg: readonly number[], frames: number): Float64Array {
  const path: number[] = [];
  const travel = anglesDeg.slice(1).reduce((sum, angle, i) => sum + Math.abs(angle - anglesDeg[i]!), 0);
  const step = travel / (frames - 1);
  for (let i = 0; i + 1 < anglesDeg.length && step > 0 && frames > 1; i++) {
    const change = anglesDeg[i + 1]! - anglesDeg[i]!;
    const signed = Math.sign(change) * step;
    // Like numpy.arange: the end itself is left out.
    const count = change === 0 ? 0 : Math.ceil(change / signed);
    for (let n = 0; n < count; n++) {
      path.push(anglesDeg[i]! + n * signed);
    }
  }
  const held = path.at(-1) ?? anglesDeg[0] ?? 0;
  return Float64Array.from({ length: frames }, (_, i) => path[i] ?? held);
}
