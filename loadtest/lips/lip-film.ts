import type { Avatar } from '../../src/avatars/avatar.ts';
import { MelStream } from '../../src/audio/mel-stream.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type FaceCoefficient, type HeadPose } from '../../src/base/motion-frame.ts';
import type { Closeable } from '../../src/base/scope.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import type { ExpressionModel } from '../../src/motion/expression-model.ts';
import { FaceMotion } from '../../src/motion/face-motion.ts';
import type { FaceState } from '../../src/motion/face-state.ts';
import { VISEME_CLASSES, VISEME_STEPS } from '../../src/motion/lip-network.ts';
import type { LipExpressionModel } from '../../src/motion/lip-expression-model.ts';
import type { FaceDrawing } from '../../src/render/renderer.ts';
import { WarpRenderer } from '../../src/render/warp-renderer.ts';
import { LipMeter, type SeenLips } from './lip-meter.ts';

const SEED = 7;

/** What moves the mouth; the rest of an expression is eyes and brows. */
const MOUTH = ['jaw', 'pucker', 'funnel', 'smile', 'stretch', 'upperUp', 'lowerDown', 'press', 'tuck', 'tongue'] as const satisfies readonly FaceCoefficient[];

/** What was seen of one recording. */
export interface FilmedLips {
  /** Gap over that of touching lips in the same picture, per video frame. */
  readonly gapMm: number[];
  readonly widthMm: number[];
}

/** Draws recordings as the product does, and looks at every frame. */
export class LipFilm implements Closeable {
  readonly #avatar: Avatar;
  readonly #model: ExpressionModel;
  readonly #renderer: WarpRenderer;
  readonly #drawing: FaceDrawing;
  readonly #meter: LipMeter;
  #shutMm = Number.NaN;

  private constructor(parts: { avatar: Avatar; model: ExpressionModel; renderer: WarpRenderer; drawing: FaceDrawing; meter: LipMeter }) {
    this.#avatar = parts.avatar;
    this.#model = parts.model;
    this.#renderer = parts.renderer;
    this.#drawing = parts.drawing;
    this.#meter = parts.meter;
  }

  /** Opens a renderer and the mesh network, and reads the portrait's touching lips: the mesh never reads 0. */
  static async open(avatar: Avatar, model: ExpressionModel): Promise<LipFilm> {
    const renderer = new WarpRenderer({ threads: 1 });
    const film = new LipFilm({ avatar, model, renderer, drawing: await renderer.open(avatar), meter: await LipMeter.open() });
    film.#shutMm = (await film.#look(new Float32Array(FACE_COEFFICIENTS.length), NEUTRAL_POSE)).gapMm;
    return film;
  }

  /** The gap that the mesh reads between the portrait's touching lips, looking ahead. */
  get shutMm(): number {
    return this.#shutMm;
  }

  /** Draws and looks at every video frame of a recording (16 kHz). `liveliness` 0 keeps the head still but for breath. */
  async shoot(samples: Float32Array, { state = 'speaking', liveliness = 1 }: { state?: FaceState; liveliness?: number } = {}): Promise<FilmedLips> {
    const face = new FaceMotion({ model: this.#model, seed: SEED, liveliness });
    const film: FilmedLips = { gapMm: [], widthMm: [] };
    for (const window of windowsOf(samples)) {
      const { expression, pose } = await face.next(window, state);
      const seen = await this.#look(expression, pose);
      film.gapMm.push(seen.gapMm - (await this.#look(withLipsTouching(expression), pose)).gapMm);
      film.widthMm.push(seen.widthMm);
    }
    await face.close();
    return film;
  }

  async close(): Promise<void> {
    await this.#drawing.close();
    await this.#renderer.close();
    await this.#meter.close();
  }

  async #look(expression: Float32Array, pose: HeadPose): Promise<SeenLips> {
    const picture = await this.#drawing.draw({ mediaUs: 0, expression, pose });
    try {
      return await this.#meter.measure(picture, this.#avatar);
    } finally {
      picture.release();
    }
  }
}

/** The same face, head and eyes with the portrait's own mouth at rest. */
function withLipsTouching(expression: Float32Array): Float32Array {
  const touching = new Float32Array(expression);
  for (const name of MOUTH) {
    touching[FACE_INDEX[name]] = 0;
  }
  return touching;
}

/** Returns the network's most probable viseme in each 10 ms of a recording. */
export async function visemesOf(model: LipExpressionModel, samples: Float32Array): Promise<string[]> {
  const stream = model.open({ expression: new Float32Array(FACE_COEFFICIENTS.length) });
  const names: string[] = [];
  for (const window of windowsOf(samples)) {
    await stream.next(window);
    for (let step = 0; step < VISEME_STEPS; step++) {
      const row = stream.visemes.subarray(step * VISEME_CLASSES.length, (step + 1) * VISEME_CLASSES.length);
      names.push(VISEME_CLASSES[row.indexOf(Math.max(...row))] ?? 'unknown');
    }
  }
  await stream.close();
  return names;
}

function windowsOf(samples: Float32Array): MelWindow[] {
  const mel = new MelStream({ maxWaitingWindows: Infinity });
  mel.push(samples);
  mel.flush();
  const windows: MelWindow[] = [];
  for (let window = mel.take(); window !== undefined; window = mel.take()) {
    windows.push(window);
  }
  return windows;
}
