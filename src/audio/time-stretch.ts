/** Length of the cross-fade at a splice: 5 ms at 16 kHz. */
const FADE = 80;

/** Shortest and longest piece that is cut out or repeated: 5 to 15 ms at 16 kHz. */
const SHORTEST = 80;
const LONGEST = 240;

/** Samples `shorten` needs to make a block of `length`. */
export function shortenNeeds(length: number): number {
  return length + LONGEST;
}

/** Returns the distance at which the sound is most like its start: the best place for a splice. */
function spliceDistance(source: Float32Array): number {
  let best = -Infinity;
  let distance = SHORTEST;
  for (let lag = SHORTEST; lag <= LONGEST; lag++) {
    let product = 0;
    let energy = 1e-9;
    for (let n = 0; n < FADE; n++) {
      product += source[n]! * source[lag + n]!;
      energy += source[lag + n]! * source[lag + n]!;
    }
    const likeness = product / Math.sqrt(energy);
    if (likeness > best) {
      best = likeness;
      distance = lag;
    }
  }
  return distance;
}

/**
 * Fills `target` from more of `source` than its length, with 5 to 15 ms cut out at the best place; returns how many samples
 * of the source it stands for. The source holds at least `shortenNeeds(target.length)` samples; the splice is cross-faded.
 */
export function shorten(source: Float32Array, target: Float32Array): number {
  const distance = spliceDistance(source);
  for (let n = 0; n < target.length; n++) {
    const share = Math.min(1, (n + 1) / (FADE + 1));
    target[n] = share * source[distance + n]! + (1 - share) * source[n]!;
  }
  return target.length + distance;
}

/**
 * Fills `target` from less of `source` than its length, with 5 to 15 ms repeated; returns how many samples of the source
 * it stands for. Both hold at least 320 samples; the splice is cross-faded.
 */
export function lengthen(source: Float32Array, target: Float32Array): number {
  const distance = spliceDistance(source);
  for (let n = 0; n < target.length; n++) {
    const back = n - distance;
    const share = Math.min(1, Math.max(0, (back + 1) / (FADE + 1)));
    target[n] = share === 0 ? source[n]! : share * source[back]! + (1 - share) * source[n]!;
  }
  return target.length - distance;
}
