import { MEL_WINDOW_FRAMES } from '../base/mel-window.ts';
import { LEVEL_GROUPS } from './speech-level.ts';
import { VISEMES } from './viseme.ts';

/** Numbers the net reads: 8 pairs of mel frames × 20 groups of bands. */
export const MOUTH_NET_INPUTS = (MEL_WINDOW_FRAMES / 2) * LEVEL_GROUPS;

/** The net's numbers, as `models/fit-mel-mouth.ts` writes them; matrices are one row per output. */
export interface MouthNetWeights {
  /** Hidden units × 160. */
  readonly hidden: readonly (readonly number[])[];
  readonly hiddenBias: readonly number[];
  /** 10 × hidden units. */
  readonly visemes: readonly (readonly number[])[];
  readonly visemeBias: readonly number[];
}

/**
 * Tells from 0.2 s of sound which mouth shape is being spoken: two small layers,
 * softmax(V · max(0, H · x + h) + v), about 8,000 multiplications.
 */
export class MouthNet {
  /** Probability of each viseme after `run`, in the order of `VISEMES`; they add up to 1. */
  readonly probabilities = new Float32Array(VISEMES.length);
  readonly #hidden: Float32Array;
  readonly #hiddenBias: Float32Array;
  readonly #visemes: Float32Array;
  readonly #visemeBias: Float32Array;
  readonly #input = new Float32Array(MOUTH_NET_INPUTS);
  readonly #units: Float32Array;

  /** Throws a TypeError when a matrix has the wrong shape. */
  constructor(weights: MouthNetWeights) {
    const units = weights.hiddenBias.length;
    this.#hidden = flatten('hidden', weights.hidden, units, MOUTH_NET_INPUTS);
    this.#hiddenBias = Float32Array.from(weights.hiddenBias);
    this.#visemes = flatten('visemes', weights.visemes, VISEMES.length, units);
    this.#visemeBias = flatten('visemeBias', [weights.visemeBias], 1, VISEMES.length);
    this.#units = new Float32Array(units);
  }

  /** Reads `SpeechLevel.relative` (16 × 20) and fills `probabilities`. */
  run(relative: Float32Array): void {
    poolPairs(relative, this.#input);
    affine(this.#hidden, this.#hiddenBias, this.#input, this.#units);
    for (let i = 0; i < this.#units.length; i++) {
      this.#units[i] = Math.max(0, this.#units[i]!);
    }
    affine(this.#visemes, this.#visemeBias, this.#units, this.probabilities);
    softmax(this.probabilities);
  }
}

/** Averages each pair of mel frames: 16 × 20 to 8 × 20. */
export function poolPairs(relative: Float32Array, out: Float32Array): void {
  for (let pair = 0; pair < MEL_WINDOW_FRAMES / 2; pair++) {
    for (let group = 0; group < LEVEL_GROUPS; group++) {
      const at = 2 * pair * LEVEL_GROUPS + group;
      out[pair * LEVEL_GROUPS + group] = (relative[at]! + relative[at + LEVEL_GROUPS]!) / 2;
    }
  }
}

/** Computes out = matrix · input + bias; the matrix has one row per output. */
function affine(matrix: Float32Array, bias: Float32Array, input: Float32Array, out: Float32Array): void {
  for (let row = 0; row < out.length; row++) {
    let sum = bias[row]!;
    const start = row * input.length;
    for (let i = 0; i < input.length; i++) {
      sum += matrix[start + i]! * input[i]!;
    }
    out[row] = sum;
  }
}

/** Replaces values by exp(value) / Σ exp(value). */
function softmax(values: Float32Array): void {
  let largest = -Infinity;
  for (const value of values) {
    largest = Math.max(largest, value);
  }
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.exp(values[i]! - largest);
    sum += values[i]!;
  }
  for (let i = 0; i < values.length; i++) {
    values[i]! /= sum;
  }
}

function flatten(name: string, matrix: readonly (readonly number[])[], rows: number, columns: number): Float32Array {
  if (matrix.length !== rows || matrix.some((row) => row.length !== columns)) {
    throw new TypeError(`Matrix ${name} must be ${rows} × ${columns}, but is ${matrix.length} × ${matrix[0]?.length ?? 0}. Run models/fit-mel-mouth.ts.`);
  }
  return Float32Array.from(matrix.flat());
}
