import { MOUTH_NET_INPUTS, type MouthNetWeights } from '../../src/motion/mouth-net.ts';
import type { Random } from '../../src/motion/random.ts';
import { VISEMES, VISEME_INDEX } from '../../src/motion/viseme.ts';
import type { Lesson } from './lesson.ts';

const UNITS = 64;
const BATCH = 128;
const LEARNING_RATE = 2e-3;
const WEIGHT_DECAY = 1e-4;

/** Noise added to the inputs, and the share of hidden units left out, so that the net does not learn by heart. */
const INPUT_NOISE = 0.05;
const DROPPED_UNITS = 0.1;

/** Rare visemes count more: by (all / its own) to this power. Missed closures are seen most, so they count more again. */
const RARITY_POWER = 0.35;
const CLOSURE_BONUS = 1.3;

/** One matrix or vector with its gradient and Adam's two moments. */
class Parameter {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  readonly #mean: Float32Array;
  readonly #square: Float32Array;

  constructor(size: number, start: () => number) {
    this.values = Float32Array.from({ length: size }, start);
    this.gradient = new Float32Array(size);
    this.#mean = new Float32Array(size);
    this.#square = new Float32Array(size);
  }

  /** Takes one step of Adam (β 0.9 and 0.999) and clears the gradient. */
  step(step: number, rate: number): void {
    for (let i = 0; i < this.values.length; i++) {
      const gradient = this.gradient[i]! + WEIGHT_DECAY * this.values[i]!;
      this.#mean[i] = 0.9 * this.#mean[i]! + 0.1 * gradient;
      this.#square[i] = 0.999 * this.#square[i]! + 0.001 * gradient * gradient;
      const mean = this.#mean[i]! / (1 - 0.9 ** step);
      this.values[i]! -= (rate * mean) / (Math.sqrt(this.#square[i]! / (1 - 0.999 ** step)) + 1e-8);
      this.gradient[i] = 0;
    }
  }
}

/** Fits a `MouthNet` to a lesson: cross-entropy, Adam, one cosine of learning rate over all epochs. */
export class MouthNetTrainer {
  readonly #random: Random;
  readonly #hidden: Parameter;
  readonly #hiddenBias = new Parameter(UNITS, () => 0);
  readonly #visemes: Parameter;
  readonly #visemeBias = new Parameter(VISEMES.length, () => 0);
  readonly #input = new Float32Array(MOUTH_NET_INPUTS);
  readonly #units = new Float32Array(UNITS);
  readonly #unitGradient = new Float32Array(UNITS);
  readonly #output = new Float32Array(VISEMES.length);

  constructor(random: Random) {
    this.#random = random;
    this.#hidden = new Parameter(UNITS * MOUTH_NET_INPUTS, () => 2.4 * random.nearZero() * Math.sqrt(2 / MOUTH_NET_INPUTS));
    this.#visemes = new Parameter(VISEMES.length * UNITS, () => 2.4 * random.nearZero() * Math.sqrt(1 / UNITS));
  }

  /** Goes through the lesson `epochs` times; `onEpoch` gets the mean loss of each. */
  fit(lesson: Lesson, epochs: number, onEpoch: (epoch: number, loss: number) => void): void {
    const importance = importances(lesson);
    const order = Int32Array.from({ length: lesson.length }, (_, i) => i);
    const batches = Math.floor(lesson.length / BATCH);
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.#shuffle(order);
      let loss = 0;
      for (let at = 0; at < batches * BATCH; at += BATCH) {
        for (const example of order.subarray(at, at + BATCH)) {
          loss += this.#learn(lesson, example, importance);
        }
        step += 1;
        const rate = LEARNING_RATE * (0.5 + 0.5 * Math.cos((Math.PI * step) / (epochs * batches)));
        for (const parameter of [this.#hidden, this.#hiddenBias, this.#visemes, this.#visemeBias]) {
          parameter.step(step, rate);
        }
      }
      onEpoch(epoch, loss / (batches * BATCH));
    }
  }

  /** The fitted numbers, to three digits. */
  weights(): MouthNetWeights {
    return {
      hidden: rows(this.#hidden.values, MOUTH_NET_INPUTS),
      hiddenBias: rows(this.#hiddenBias.values, UNITS).flat(),
      visemes: rows(this.#visemes.values, UNITS),
      visemeBias: rows(this.#visemeBias.values, VISEMES.length).flat(),
    };
  }

  /** Adds one example's gradient and returns its loss. */
  #learn(lesson: Lesson, example: number, importance: Float64Array): number {
    const viseme = lesson.viseme(example);
    this.#forward(lesson.input(example));
    const output = this.#output;
    const loss = -Math.log(output[viseme]! + 1e-9);
    const weight = importance[viseme]! / BATCH;
    this.#unitGradient.fill(0);
    for (let row = 0; row < output.length; row++) {
      const error = (output[row]! - (row === viseme ? 1 : 0)) * weight;
      this.#visemeBias.gradient[row]! += error;
      for (let unit = 0, at = row * UNITS; unit < UNITS; unit++, at++) {
        this.#visemes.gradient[at]! += error * this.#units[unit]!;
        this.#unitGradient[unit]! += error * this.#visemes.values[at]!;
      }
    }
    this.#backward();
    return loss;
  }

  #forward(clean: Float32Array): void {
    for (let i = 0; i < clean.length; i++) {
      this.#input[i] = clean[i]! + 2.4 * INPUT_NOISE * this.#random.nearZero();
    }
    for (let unit = 0; unit < UNITS; unit++) {
      let sum = this.#hiddenBias.values[unit]!;
      for (let i = 0, at = unit * MOUTH_NET_INPUTS; i < MOUTH_NET_INPUTS; i++, at++) {
        sum += this.#hidden.values[at]! * this.#input[i]!;
      }
      this.#units[unit] = sum > 0 && !this.#random.chance(DROPPED_UNITS) ? sum / (1 - DROPPED_UNITS) : 0;
    }
    let total = 0;
    for (let row = 0; row < VISEMES.length; row++) {
      let sum = this.#visemeBias.values[row]!;
      for (let unit = 0; unit < UNITS; unit++) {
        sum += this.#visemes.values[row * UNITS + unit]! * this.#units[unit]!;
      }
      this.#output[row] = Math.exp(Math.min(60, sum));
      total += this.#output[row]!;
    }
    for (let row = 0; row < VISEMES.length; row++) {
      this.#output[row]! /= total;
    }
  }

  #backward(): void {
    for (let unit = 0; unit < UNITS; unit++) {
      if (this.#units[unit] === 0) {
        continue;
      }
      const error = this.#unitGradient[unit]! / (1 - DROPPED_UNITS);
      this.#hiddenBias.gradient[unit]! += error;
      for (let i = 0, at = unit * MOUTH_NET_INPUTS; i < MOUTH_NET_INPUTS; i++, at++) {
        this.#hidden.gradient[at]! += error * this.#input[i]!;
      }
    }
  }

  #shuffle(order: Int32Array): void {
    for (let i = order.length - 1; i > 0; i--) {
      const other = Math.floor(this.#random.between(0, i + 1));
      const kept = order[i]!;
      order[i] = order[other]!;
      order[other] = kept;
    }
  }
}

/** Returns how much each viseme counts; 1 on average over the visemes. */
function importances(lesson: Lesson): Float64Array {
  const counts = new Float64Array(VISEMES.length).fill(1);
  for (let example = 0; example < lesson.length; example++) {
    counts[lesson.viseme(example)]! += 1;
  }
  const raw = counts.map((count) => (lesson.length / count) ** RARITY_POWER);
  const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length;
  const importance = raw.map((value) => value / mean);
  importance[VISEME_INDEX.closed]! *= CLOSURE_BONUS;
  return importance;
}

function rows(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) => (
    Array.from(values.subarray(row * columns, (row + 1) * columns), (value) => Number(value.toPrecision(3)))));
}
