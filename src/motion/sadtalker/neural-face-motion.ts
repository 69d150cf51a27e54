import { EXPRESSION_COLUMNS, MOTION_COLUMNS, POSE_COLUMNS, PORTRAIT_COLUMNS, WINDOW_FRAMES, WINDOW_REACH } from '../../base/coefficient-layout.ts';
import { InvalidStateError } from '../../base/errors.ts';
import type { MelWindow } from '../../base/mel-window.ts';
import { NEUTRAL_POSE, type MotionFrame, type ViewAngles } from '../../base/motion-frame.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import type { FaceState } from '../face-state.ts';
import type { MotionStream } from '../motion-stream.ts';
import { Random } from '../random.ts';
import { ExactPoseStream } from './exact-pose-stream.ts';
import type { ExpNetModel, ExpNetStream } from './exp-net-model.ts';
import { ExpressionTrack } from './expression-track.ts';
import { LivePoseStream } from './live-pose-stream.ts';
import type { PoseStream } from './pose-stream.ts';
import { normalLatents, PoseVae } from './pose-vae.ts';

/** Frames a frame must wait for sound to be equal to the offline result: its window's 13, the filter's 6, and the rest of a chunk. */
export const FULL_LOOK_AHEAD_FRAMES = 50;

/** Head angles along a film, one value per frame in degrees; the last one is held, and an angle left out is the networks'. */
export interface ViewPaths {
  readonly yawDeg?: Float64Array;
  readonly pitchDeg?: Float64Array;
  readonly rollDeg?: Float64Array;
}

/** What SadTalker's motion is made of. */
export interface NeuralFaceMotionOptions {
  /** Drives the expression. The face opens one stream of it and closes that, not the model. */
  readonly expression: ExpNetModel;
  /** The graph `posevae`; the face does not close it. Live, let it have a thread of its own: a run takes as long as several frames. */
  readonly pose: OnnxModel;
  /** The portrait's row of 73 coefficients. */
  readonly portrait: Float32Array;
  /** Whole number; the same seed and sound give the same motion. */
  readonly seed: number;
  /** True: windows of 73 columns, the portrait's last three in every row, for the mapping net of the `full` modes. Default 70. */
  readonly full?: boolean;
  /** Head-pose style, 0 to 45. Default 0. */
  readonly poseStyle?: number;
  /** Factor on the expression columns, 0 to 3. Default 1. */
  readonly expressionScale?: number;
  /** The head keeps the portrait's pose. Default false. */
  readonly still?: boolean;
  /** The eyes blink now and then. Default true. */
  readonly blinks?: boolean;
  /**
   * Frames that each frame waits for sound after it: 0 to 13, with a head that moves ahead of the sound, or
   * `FULL_LOOK_AHEAD_FRAMES`, which gives what the reference gives offline. Default 0.
   */
  readonly lookAheadFrames?: number;
  /** Head angles of a film. */
  readonly view?: ViewPaths;
  /** Poses of another head, rows × 6, repeated without end: how they differ from their first is added to the head's motion. */
  readonly referencePoses?: Float32Array;
  /** Another face's expressions, rows × 64, repeated without end, that ExpNet takes for the portrait's; then it speaks throughout and does not blink of itself. */
  readonly referenceExpressions?: Float32Array;
}

/** Defaults of `NeuralFaceMotionOptions`. */
export const NEURAL_MOTION_DEFAULTS = Object.freeze({ full: false, poseStyle: 0, expressionScale: 1, still: false, blinks: true, lookAheadFrames: 0 });

/** Moves one face as SadTalker does: a window of coefficient rows per video frame, from ExpNet and the PoseVAE. */
export class NeuralFaceMotion implements MotionStream {
  /** Frames by which a frame comes after its window. */
  readonly delayFrames: number;
  readonly #portrait: Float32Array;
  readonly #columns: number;
  readonly #view: ViewPaths | undefined;
  readonly #followed: Float32Array | undefined;
  readonly #mouth: ExpNetStream;
  readonly #poses: PoseStream | undefined;
  readonly #expressions: ExpressionTrack;
  #nextFrame = 0;
  #interrupted = false;
  #finished = false;
  #closing: Promise<void> | undefined;

  /** Throws a TypeError when an option is outside its range or an array has no whole rows. */
  constructor(options: NeuralFaceMotionOptions) {
    const settled = checked({ ...NEURAL_MOTION_DEFAULTS, ...options });
    const random = new Random(settled.seed);
    const blinkSeed = Math.floor(random.next() * 2 ** 32);
    this.delayFrames = settled.lookAheadFrames;
    this.#portrait = settled.portrait.slice();
    this.#columns = settled.full ? PORTRAIT_COLUMNS : MOTION_COLUMNS;
    this.#view = settled.view;
    this.#followed = settled.referenceExpressions;
    this.#expressions = new ExpressionTrack(settled.expressionScale);
    this.#mouth = settled.expression.open({ expression: settled.portrait }, { blinkSeed: settled.blinks ? blinkSeed : undefined });
    this.#poses = openPoses(settled, random);
  }

  async next(window: MelWindow, state: FaceState): Promise<MotionFrame | undefined> {
    this.#assertOpen();
    await this.#settleInterrupt();
    const speaks = state === 'speaking' || this.#followed !== undefined;
    const [expression] = await Promise.all([
      this.#nextExpression(window, state),
      this.#poses?.next(speaks ? window.values : undefined, this.#nextFrame + WINDOW_REACH),
    ]);
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The face motion was closed meanwhile.');
    }
    this.#expressions.push(expression, this.#mouth.ratio, window.mediaUs);
    await this.#settleInterrupt();
    return this.#expressions.rows > this.delayFrames ? this.#makeFrame() : undefined;
  }

  reset(): void {
    this.#mouth.reset();
    this.#interrupted = true;
  }

  async finish(): Promise<readonly MotionFrame[]> {
    this.#assertOpen();
    this.#finished = true;
    await this.#settleInterrupt();
    await this.#poses?.finish(this.#expressions.rows - 1 + WINDOW_REACH);
    const frames: MotionFrame[] = [];
    while (this.#nextFrame < this.#expressions.rows) {
      frames.push(this.#makeFrame());
    }
    return frames;
  }

  close(): Promise<void> {
    this.#closing ??= this.#mouth.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined || this.#finished) {
      throw new InvalidStateError('The face motion is finished or closed. Make another one.');
    }
  }

  #nextExpression(window: MelWindow, state: FaceState): Promise<Float32Array> {
    if (this.#followed === undefined) {
      return this.#mouth.next(window, state);
    }
    const start = (this.#expressions.rows * EXPRESSION_COLUMNS) % this.#followed.length;
    // A copy: what goes to the model's thread takes its whole buffer along.
    return this.#mouth.follow(window, this.#followed.slice(start, start + EXPRESSION_COLUMNS));
  }

  async #settleInterrupt(): Promise<void> {
    while (this.#interrupted) {
      this.#interrupted = false;
      this.#expressions.closeFrom(this.#nextFrame, await this.#mouth.idle());
    }
  }

  #makeFrame(): MotionFrame {
    const frame = this.#nextFrame;
    this.#nextFrame += 1;
    const expression = new Float32Array(this.#columns * WINDOW_FRAMES);
    this.#expressions.writeWindow(expression, frame);
    this.#writePose(expression, frame);
    const view = viewAt(this.#view, frame);
    const mediaUs = this.#expressions.mediaUs(frame);
    return view === undefined ? { mediaUs, expression, pose: NEUTRAL_POSE } : { mediaUs, expression, pose: NEUTRAL_POSE, view };
  }

  /** Writes all columns after the expression. */
  #writePose(window: Float32Array, frame: number): void {
    const moving = this.#poses?.track;
    for (let column = moving === undefined ? EXPRESSION_COLUMNS : MOTION_COLUMNS; column < this.#columns; column++) {
      window.fill(this.#portrait[column]!, column * WINDOW_FRAMES, (column + 1) * WINDOW_FRAMES);
    }
    for (let step = 0; moving !== undefined && step < WINDOW_FRAMES; step++) {
      const row = moving.offset(Math.max(0, Math.min(moving.rows - 1, frame - WINDOW_REACH + step)));
      for (let column = 0; column < POSE_COLUMNS; column++) {
        window[(EXPRESSION_COLUMNS + column) * WINDOW_FRAMES + step] = moving.poses[row + column]!;
      }
    }
  }
}

type Settled = NeuralFaceMotionOptions & Required<Pick<NeuralFaceMotionOptions, keyof typeof NEURAL_MOTION_DEFAULTS>>;

function openPoses({ pose: model, portrait, poseStyle: style, still, lookAheadFrames, referencePoses }: Settled, random: Random): PoseStream | undefined {
  const reference = portrait.slice(EXPRESSION_COLUMNS, MOTION_COLUMNS);
  const vae = new PoseVae({ model, reference, style, drawLatent: normalLatents(random) });
  if (still) {
    return undefined;
  }
  const options = { reference, ...(referencePoses === undefined ? {} : { added: referencePoses }) };
  return lookAheadFrames === FULL_LOOK_AHEAD_FRAMES ? new ExactPoseStream(vae, options) : new LivePoseStream(vae, options);
}

function checked(options: Settled): Settled {
  const { portrait, expressionScale, lookAheadFrames, referencePoses, referenceExpressions } = options;
  if (portrait.length !== PORTRAIT_COLUMNS) {
    throw new TypeError(`The portrait must have ${PORTRAIT_COLUMNS} coefficients, not ${portrait.length}.`);
  }
  if (!(expressionScale >= 0 && expressionScale <= 3)) {
    throw new TypeError(`The expression scale must be from 0 to 3, not ${expressionScale}.`);
  }
  const looksAhead = Number.isInteger(lookAheadFrames) && lookAheadFrames >= 0 && lookAheadFrames <= WINDOW_REACH;
  if (!looksAhead && lookAheadFrames !== FULL_LOOK_AHEAD_FRAMES) {
    throw new TypeError(`The look-ahead must be 0 to ${WINDOW_REACH} frames or ${FULL_LOOK_AHEAD_FRAMES}, not ${lookAheadFrames}.`);
  }
  assertRows('poses', referencePoses, POSE_COLUMNS);
  assertRows('expressions', referenceExpressions, EXPRESSION_COLUMNS);
  return options;
}

function assertRows(name: string, values: Float32Array | undefined, columns: number): void {
  if (values !== undefined && (values.length === 0 || values.length % columns !== 0)) {
    throw new TypeError(`The reference ${name} must be whole rows of ${columns} values, at least one, not ${values.length} values.`);
  }
}

function viewAt(paths: ViewPaths | undefined, frame: number): ViewAngles | undefined {
  return paths && Object.fromEntries(Object.entries(paths).map(([angle, path]: [string, Float64Array]) => [angle, path[Math.min(frame, path.length - 1)]!]));
}
