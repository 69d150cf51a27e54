import type { Avatar } from '../avatars/avatar.ts';
import type { Logger } from '../base/logger.ts';
import { Scope } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import { FaceMotion } from '../motion/face-motion.ts';
import { LipExpressionModel } from '../motion/lip-expression-model.ts';
import { faceFrame, photoPose } from '../render/face-frame.ts';
import { WarpRenderer } from '../render/warp-renderer.ts';
import type { FaceOptions, FacePack, OpenFace } from './face-pack.ts';

export { MOST_RENDER_THREADS } from '../render/warp-renderer.ts';

/** What the built-in face needs. */
export interface BuiltInPackOptions {
  /** Folder that holds `lips/`. */
  readonly modelsFolder: string;
  /** Drawing threads; 0: one less than the machine has cores. */
  readonly renderThreads: number;
  readonly logger: Logger;
  readonly stats: Stats;
}

/** The built-in face: the photo warped by a mesh, the mouth by the project's own network. Runs on any machine. */
export class BuiltInPack implements FacePack {
  readonly name = 'built-in';
  readonly provider = 'cpu';
  readonly seats = Infinity;
  readonly #scope: Scope;
  readonly #renderer: WarpRenderer;
  readonly #lips: LipExpressionModel;

  private constructor(scope: Scope, parts: { renderer: WarpRenderer; lips: LipExpressionModel }) {
    this.#scope = scope;
    this.#renderer = parts.renderer;
    this.#lips = parts.lips;
  }

  /** Starts the drawing threads and loads the network. @throws AvatarError `model_missing`. */
  static async open({ modelsFolder, renderThreads, logger, stats }: BuiltInPackOptions): Promise<BuiltInPack> {
    await using scope = new Scope();
    const renderer = scope.own(new WarpRenderer({ ...(renderThreads === 0 ? {} : { threads: renderThreads }), stats, logger }));
    const lips = scope.own(await LipExpressionModel.open(modelsFolder));
    return new BuiltInPack(scope.handOver(), { renderer, lips });
  }

  get failure(): Error | undefined {
    return this.#lips.failure;
  }

  async openFace(avatar: Avatar, { seed, style }: FaceOptions): Promise<OpenFace> {
    await using scope = new Scope();
    const motion = scope.own(new FaceMotion({ model: this.#lips, seed, style, firstPose: photoPose(faceFrame(avatar.landmarks)) }));
    const drawing = await this.#renderer.open(avatar);
    scope.release();
    return { motion, drawing };
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
