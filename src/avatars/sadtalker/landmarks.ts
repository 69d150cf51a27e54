/** A point in pixels, x to the right and y down. */
export type Point = readonly [x: number, y: number];

/** Returns a + b. */
export function plus([ax, ay]: Point, [bx, by]: Point): Point {
  return [ax + bx, ay + by];
}

/** Returns a − b. */
export function minus([ax, ay]: Point, [bx, by]: Point): Point {
  return [ax - bx, ay - by];
}

/** Returns a point times a number. */
export function times([x, y]: Point, factor: number): Point {
  return [x * factor, y * factor];
}

/** Returns the distance from the origin. */
export function lengthOf([x, y]: Point): number {
  return Math.hypot(x, y);
}

/** Returns the mean of landmarks `from` to `to − 1`. */
export function meanPoint(landmarks: readonly Point[], from: number, to: number): Point {
  const [x, y] = landmarks.slice(from, to).reduce(plus, [0, 0]);
  return [x / (to - from), y / (to - from)];
}
