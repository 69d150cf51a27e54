import type { Avatar } from '../avatars/avatar.ts';
import { NeuralPortraitMaker } from '../avatars/sadtalker/neural-portrait-maker.ts';
import { isFull } from '../avatars/sadtalker/neural-portrait.ts';
import type { NeuralPortrait, PreprocessMode } from '../avatars/sadtalker/neural-portrait.ts';
import type { RgbImage } from '../avatars/rgb-image.ts';
import { readReferenceTrack } from '../avatars/sadtalker/reference-track.ts';
import { EXPRESSION_COLUMNS, MOTION_COLUMNS, PORTRAIT_COLUMNS, POSE_CHUNK_FRAMES, POSE_COLUMNS, POSE_LATENT_VALUES } from '../base/coefficient-layout.ts';
import { AvatarError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from '../base/mel-window.ts';
import { Scope } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import type { DeviceChoice } from '../inference/device-choice.ts';
import type { OnnxModel } from '../inference/onnx-model.ts';
import { OnnxThread } from '../inference/onnx-thread.ts';
import type { NamedTensors, Tensor } from '../inference/tensor.ts';
import type { Device } from '../inference/thread-messages.ts';
import { graphPath, readManifest } from '../models/pack-manifest.ts';
import type { PackManifest } from '../models/pack-manifest.ts';
import { ExpNetModel } from '../motion/sadtalker/exp-net-model.ts';
import { NeuralFaceMotion } from '../motion/sadtalker/neural-face-motion.ts';
import type { NeuralFaceMotionOptions } from '../motion/sadtalker/neural-face-motion.ts';
import { NeuralRenderer } from '../render/sadtalker/neural-renderer.ts';
import type { FaceOptions, FacePack, OpenFace } from './face-pack.ts';

export { DEVICE_CHOICES } from '../inference/device-choice.ts';

/** How SadTalker's networks are run; the settings of the same names explain them. */
export interface SadTalkerSettings {
  readonly folder: string;
  readonly device: DeviceChoice;
  readonly precision: 'auto' | 'fp16' | 'fp32';
  readonly size: 256 | 512;
  readonly preprocess: PreprocessMode;
  readonly batch: number;
  /** 0: as many as the machine has cores. */
  readonly threads: number;
  readonly leastFps: number;
}

/** Where a pack is opened, and what for. */
export interface SadTalkerUse {
  /** True: every frame is drawn, however long it takes, and a cut that the reference does not paste back is shown alone. */
  readonly film: boolean;
  readonly logger: Logger;
  readonly stats: Stats;
  /** Stops a load under way with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What only films ask of a face. */
export type FilmedFace = Pick<NeuralFaceMotionOptions, 'view' | 'referencePoses' | 'referenceExpressions'>;

/** Frames a second of a live face. */
const LIVE_FPS = 25;

/** A run that moves a face and takes longer than this hangs, in milliseconds. */
const PATIENCE_MS = 2000;

/** Part of a thread's time that runs may fill. */
const LOAD_LIMIT = 0.8;

/** Time between two chunks of poses of a live face: 20 of their 32 frames are new. */
const CHUNK_MS = 20 * (1000 / LIVE_FPS);

/** Portraits kept ready, those used last. */
const MOST_PORTRAITS = 8;

interface PackParts {
  readonly maker: NeuralPortraitMaker;
  readonly expression: ExpNetModel;
  readonly pose: OnnxModel;
  readonly face3d: OnnxModel;
  readonly renderer: NeuralRenderer;
  readonly threads: readonly OnnxThread[];
  readonly seats: number;
}

/** SadTalker's networks: ExpNet and PoseVAE move a face, the renderer's networks draw it. */
export class SadTalkerPack implements FacePack {
  readonly name = 'sadtalker';
  readonly #scope: Scope;
  readonly #settings: SadTalkerSettings;
  readonly #parts: PackParts;
  /** Those used last at the end. */
  readonly #portraits = new Map<string, Promise<NeuralPortrait>>();

  private constructor(scope: Scope, settings: SadTalkerSettings, parts: PackParts) {
    this.#scope = scope;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** True when checkpoints were imported into the folder. */
  static isInstalled(folder: string): Promise<boolean> {
    return readManifest(folder).then(() => true, (error: unknown) => {
      if (error instanceof AvatarError && error.code === 'model_missing') {
        return false;
      }
      throw error;
    });
  }

  /**
   * Loads the networks, warms them up and measures them.
   * @throws AvatarError `model_missing` when a graph is missing; `device_too_slow` when a live face would get fewer frames a second than `leastFps`.
   */
  static async open(settings: SadTalkerSettings, { film, logger, stats, signal }: SadTalkerUse): Promise<SadTalkerPack> {
    await using scope = new Scope();
    const graphs = await PackGraphs.read(settings);
    const renderer = scope.own(await NeuralRenderer.open({
      graphs: { cuda: graphs.drawing('cuda'), cpu: graphs.drawing('cpu') },
      device: settings.device, batch: settings.batch, logger, stats, signal,
      ...(settings.threads === 0 ? {} : { threads: settings.threads }),
      ...(film ? { frameMs: Infinity, picturesPerDrawing: Math.min(64, 2 * settings.batch + 2), shows: isFull(settings.preprocess) ? 'portrait' : 'face' } : {}),
    }));
    const framesPerSecond = Number(renderer.framesPerSecond.toPrecision(2));
    logger.info({ provider: renderer.provider, reason: renderer.providerReason, framesPerSecond, batchMs: renderer.batchMs }, 'The SadTalker pack is loaded.');
    if (!film && renderer.framesPerSecond < settings.leastFps) {
      throw new AvatarError('device_too_slow', `SadTalker's networks draw ${framesPerSecond} frames a second here (on ${renderer.provider}: ${renderer.providerReason}), and a live face needs ${settings.leastFps}. Ask for the pack built-in, or run them on a GPU.`);
    }
    // A frame's expression must never wait for a chunk of poses or a portrait, so these have a thread of their own.
    const [quick, slow] = [scope.own(new OnnxThread({ patienceMs: PATIENCE_MS })), scope.own(new OnnxThread())];
    const [expression, pose, face3d] = await Promise.all([
      quick.load(graphs.path('expnet')), slow.load(graphs.path('posevae')), slow.load(graphs.path('face3d')),
    ]);
    const maker = scope.own(new NeuralPortraitMaker({ face3d, size: renderer.sizePx }));
    // A film is one face, and may take its time.
    const seats = film ? 1 : await liveSeats(renderer.framesPerSecond, expression, pose);
    signal?.throwIfAborted();
    return new SadTalkerPack(scope.handOver(), settings, { maker, expression: new ExpNetModel(expression), pose, face3d, renderer, threads: [quick, slow], seats });
  }

  get provider(): string {
    return this.#parts.renderer.provider;
  }

  get seats(): number {
    return this.#parts.seats;
  }

  get failure(): Error | undefined {
    const { renderer, threads } = this.#parts;
    return renderer.failure ?? threads.find(({ failure }) => failure !== undefined)?.failure;
  }

  async openFace(avatar: Avatar, { seed, poseStyle, expressionScale, still, lookAheadFrames }: FaceOptions, filmed: FilmedFace = {}): Promise<OpenFace> {
    const { expression, pose, renderer } = this.#parts;
    const portrait = await this.#portrait(avatar);
    await using scope = new Scope();
    const motion = scope.own(new NeuralFaceMotion({
      ...filmed, expression, pose, portrait: portrait.coefficients, full: isFull(portrait.mode), seed, poseStyle, expressionScale, still, lookAheadFrames,
    }));
    const drawing = await renderer.open(portrait);
    scope.release();
    return { motion, drawing };
  }

  /**
   * Reads the coefficient rows (frames × 70) of a video's face, cut as portraits are.
   * @throws AvatarError `no_face` when its first frame shows none.
   */
  readTrack(frames: AsyncIterable<RgbImage>, modelsFolder: string): Promise<Float32Array> {
    return readReferenceTrack(frames, { face3d: this.#parts.face3d, modelsFolder, mode: this.#settings.preprocess });
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Cuts a portrait for the networks, once for all its viewers. */
  #portrait(avatar: Avatar): Promise<NeuralPortrait> {
    const known = this.#portraits.get(avatar.id);
    const made = known ?? this.#parts.maker.make(avatar, this.#settings.preprocess);
    this.#portraits.delete(avatar.id);
    this.#portraits.set(avatar.id, made);
    if (known === undefined) {
      made.catch(() => { this.#portraits.delete(avatar.id); });
    }
    for (const oldest of [...this.#portraits.keys()].slice(0, -MOST_PORTRAITS)) {
      this.#portraits.delete(oldest);
    }
    return made;
  }
}

/** Finds the graphs of a pack on disk. */
class PackGraphs {
  readonly #settings: SadTalkerSettings;
  readonly #manifest: PackManifest;

  private constructor(settings: SadTalkerSettings, manifest: PackManifest) {
    this.#settings = settings;
    this.#manifest = manifest;
  }

  static async read(settings: SadTalkerSettings): Promise<PackGraphs> {
    return new PackGraphs(settings, await readManifest(settings.folder));
  }

  /** Graphs that draw: halves are quick on CUDA, and slow on the processor. */
  drawing(device: Device): { portrait: string; mapping: string; render: string } {
    const { folder, precision: wanted, size, preprocess } = this.#settings;
    const hasHalves = this.#manifest.graphs.some(({ precision }) => precision === 'fp16');
    const precision = wanted !== 'auto' ? wanted : device === 'cuda' && hasHalves ? 'fp16' : 'fp32';
    const path = (graph: Parameters<typeof graphPath>[2]): string => graphPath(folder, this.#manifest, graph);
    return {
      portrait: path({ graph: 'portrait', precision, size }),
      mapping: path({ graph: 'mapping', precision, coefficients: isFull(preprocess) ? PORTRAIT_COLUMNS : MOTION_COLUMNS }),
      render: path({ graph: 'render', precision, size }),
    };
  }

  /** A graph that runs on the processor, where halves are slow: the pack holds its halves too, for uses other than this. */
  path(graph: 'expnet' | 'posevae' | 'face3d'): string {
    return graphPath(this.#settings.folder, this.#manifest, { graph, precision: 'fp32' });
  }
}

/** Returns how many live faces the networks that draw and those that move faces keep up with, at least one. */
async function liveSeats(framesPerSecond: number, expression: OnnxModel, pose: OnnxModel): Promise<number> {
  return Math.max(1, Math.floor(Math.min(
    framesPerSecond / LIVE_FPS,
    (LOAD_LIMIT * 1000) / LIVE_FPS / await runMs(expression),
    (LOAD_LIMIT * CHUNK_MS) / await runMs(pose),
  )));
}

/** Returns how long one run of a network that moves faces takes, in milliseconds: the shortest of three on silence. */
async function runMs(model: OnnxModel): Promise<number> {
  const feeds = silentFeeds(model.inputs.includes('latent') ? POSE_CHUNK_FRAMES : 1);
  const wanted = Object.fromEntries(model.inputs.map((name) => [name, feeds[name]!]));
  let shortestMs = Infinity;
  for (let run = 0; run < 3; run++) {
    const startMs = performance.now();
    await model.run(wanted);
    shortestMs = Math.min(shortestMs, performance.now() - startMs);
  }
  return shortestMs;
}

function silentFeeds(windows: number): NamedTensors {
  const zeros = (...dims: number[]): Tensor => ({ dims, data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)) });
  return {
    mel: zeros(windows, 1, MEL_BANDS, MEL_WINDOW_FRAMES), ratio: zeros(1, 1), latent: zeros(1, POSE_LATENT_VALUES), style: { dims: [1], data: new BigInt64Array(1) },
    reference: zeros(1, windows === 1 ? EXPRESSION_COLUMNS : POSE_COLUMNS),
  };
}
