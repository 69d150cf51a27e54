import { EXPRESSION_COLUMNS } from '../../base/coefficient-layout.ts';
import { InvalidStateError } from '../../base/errors.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES, type MelWindow } from '../../base/mel-window.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import type { ExpressionModel, ExpressionReference, ExpressionStream } from '../expression-model.ts';
import type { FaceState } from '../face-state.ts';
import { smoothStep } from '../shaping.ts';
import { BlinkRatios } from './blink-ratios.ts';
import { MEL_WINDOW_VALUES } from './mel-history.ts';

/** Frames in which the face goes over to speech: a window shows sound 132 ms ahead, so it is there when the sound is. */
const RISE_FRAMES = 4;

/** Frames for which windows still hold the end of speech, and in which the face then comes to rest. */
const TAIL_FRAMES = 4;
const FALL_FRAMES = 8;

/** How one face's eyes blink. */
export interface BlinkOptions {
  /** Seed of the blinks. Default: the eyes stay open. */
  readonly blinkSeed?: number | undefined;
}

/** A face that hears nothing. ExpNet is affine in the blink ratio: the idle expression is `open` + ratio · `blink`. */
export interface IdleExpression {
  readonly open: Float32Array;
  readonly blink: Float32Array;
}

/** SadTalker's speech-to-expression network, the graph `expnet`. */
export class ExpNetModel implements ExpressionModel, AsyncDisposable {
  readonly name = 'expnet';
  readonly #model: OnnxModel;

  /** Owns the model. */
  constructor(model: OnnxModel) {
    this.#model = model;
  }

  /** Opens one face's stream. Throws a TypeError when the reference has fewer than 64 coefficients, a portrait's first. */
  open({ expression }: ExpressionReference, { blinkSeed }: BlinkOptions = {}): ExpNetStream {
    if (expression.length < EXPRESSION_COLUMNS) {
      throw new TypeError(`The reference must have at least ${EXPRESSION_COLUMNS} coefficients, those of a portrait, not ${expression.length}.`);
    }
    return new ExpNetStream(this.#model, expression.slice(0, EXPRESSION_COLUMNS), new BlinkRatios(blinkSeed));
  }

  close(): Promise<void> {
    return this.#model.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** One face's expression: ExpNet's while it speaks, the idle one without a run of the network while it does not, and a blend between. */
export class ExpNetStream implements ExpressionStream {
  readonly #model: OnnxModel;
  readonly #reference: Float32Array;
  readonly #blinks: BlinkRatios;
  readonly #expression = new Float32Array(EXPRESSION_COLUMNS);
  #idle: Promise<IdleExpression> | undefined;
  #share: number | undefined;
  #quietFrames = 0;
  #ratio = 0;
  #closed = false;

  /** Made by `ExpNetModel.open`. */
  constructor(model: OnnxModel, reference: Float32Array, blinks: BlinkRatios) {
    this.#model = model;
    this.#reference = reference;
    this.#blinks = blinks;
  }

  /** Blink ratio of the frame made last, 0 open to 1 shut. */
  get ratio(): number {
    return this.#ratio;
  }

  /** Returns the expression at the window's video frame, in an array that the next call overwrites; blinks included. */
  async next(window: MelWindow, state: FaceState = 'speaking'): Promise<Float32Array> {
    this.#assertOpen();
    this.#ratio = this.#blinks.next();
    this.#share = this.#nextShare(state === 'speaking');
    const share = smoothStep(0, 1, this.#share);
    const speech = share === 0 ? undefined : await this.#run(window.values, this.#reference, [this.#ratio]);
    if (share === 1 && speech !== undefined) {
      this.#expression.set(speech);
      return this.#expression;
    }
    const { open, blink } = await this.idle();
    for (let i = 0; i < EXPRESSION_COLUMNS; i++) {
      const idle = open[i]! + this.#ratio * blink[i]!;
      this.#expression[i] = speech === undefined ? idle : idle + share * (speech[i]! - idle);
    }
    return this.#expression;
  }

  /** Returns the expression at the window's video frame relative to another face's 64 coefficients, eyes included: nothing is blended or blinks. */
  follow(window: MelWindow, reference: Float32Array): Promise<Float32Array> {
    this.#assertOpen();
    return this.#run(window.values, reference, [0]);
  }

  /** Returns the idle expression, by the reference's idle sound: windows of zeros. */
  idle(): Promise<IdleExpression> {
    this.#idle ??= this.#findIdle();
    return this.#idle;
  }

  /** Forgets the speech so far: the next frame is idle, and what is said from then on comes in gently. */
  reset(): void {
    this.#share = 0;
    this.#quietFrames = TAIL_FRAMES;
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new InvalidStateError('The expression stream is closed. Open another one.');
    }
  }

  /** Returns the share of speech at the next frame, 0..1; at the first frame it is there at once. */
  #nextShare(speaks: boolean): number {
    this.#quietFrames = speaks ? 0 : this.#quietFrames + 1;
    if (this.#share === undefined) {
      return speaks ? 1 : 0;
    }
    if (speaks) {
      return Math.min(1, this.#share + 1 / RISE_FRAMES);
    }
    return this.#quietFrames > TAIL_FRAMES ? Math.max(0, this.#share - 1 / FALL_FRAMES) : this.#share;
  }

  async #findIdle(): Promise<IdleExpression> {
    const both = await this.#run(new Float32Array(2 * MEL_WINDOW_VALUES), Float32Array.of(...this.#reference, ...this.#reference), [0, 1]);
    const open = both.subarray(0, EXPRESSION_COLUMNS);
    return { open, blink: both.subarray(EXPRESSION_COLUMNS).map((value, i) => value - open[i]!) };
  }

  async #run(windows: Float32Array, references: Float32Array, ratios: readonly number[]): Promise<Float32Array> {
    const frames = ratios.length;
    const { expression } = await this.#model.run({
      mel: { dims: [frames, 1, MEL_BANDS, MEL_WINDOW_FRAMES], data: windows },
      reference: { dims: [frames, EXPRESSION_COLUMNS], data: references },
      ratio: { dims: [frames, 1], data: Float32Array.from(ratios) },
    }, { outputs: ['expression'] });
    return expression?.data as Float32Array;
  }
}
