import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Box } from '../../avatars/sadtalker/face-crop.ts';
import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import type { RgbImage } from '../../avatars/rgb-image.ts';
import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import { AvatarError, InvalidStateError } from '../../base/errors.ts';
import { silentLogger, type Logger } from '../../base/logger.ts';
import { noStats, type Stats } from '../../base/stats.ts';
import type { DeviceChoice } from '../../inference/device-choice.ts';
import type { Device } from '../../inference/thread-messages.ts';
import type { FaceDrawing, Renderer } from '../renderer.ts';
import { BatchClock } from './batch-clock.ts';
import { FrameScheduler } from './frame-scheduler.ts';
import { NeuralDrawing, type DrawingFrame } from './neural-drawing.ts';
import type { LoadedNetworks, NetworkSettings, NeuralGraphs, PictureKind } from './neural-messages.ts';
import { VIEW_FLOATS } from './neural-networks.ts';
import { NeuralThread, type NeuralThreadOptions, type NeuralWorkAnswer } from './neural-thread.ts';
import { pastePlace } from './portrait-view.ts';

/** Options of `NeuralRenderer.open`. */
export interface NeuralRendererOptions {
  /** Graph files for each device: halves are quick on CUDA, and slow on the processor. */
  readonly graphs: Readonly<Record<Device, NeuralGraphs>>;
  /** Default `auto`: CUDA where it runs, else the processor. */
  readonly device?: DeviceChoice;
  /** Processor threads of one run, 1 to 64. Default: as many as the machine has cores. */
  readonly threads?: number;
  /** Most frames, of one viewer or several, drawn at once, 1 to 16. Default 4. */
  readonly batch?: number;
  /** Where one frame takes longer than this, in milliseconds, batches are of one: more would help nobody and take gigabytes. Default 500. */
  readonly batchBelowMs?: number;
  /** Picture buffers of each drawing, 2 to 64: as many frames can wait, be under way or unreleased. Default 6. */
  readonly picturesPerDrawing?: number;
  /**
   * How long a frame may take, in milliseconds: one that can't be there in time is rejected with InvalidStateError.
   * Default 120, and never less than a full batch and a frame take. Infinity draws every frame, for films.
   */
  readonly frameMs?: number;
  /** Default `portrait`: the portrait with the face pasted in; `face`: the drawn face alone, as wide as the networks draw it. */
  readonly shows?: PictureKind;
  /** Default: kept nowhere. */
  readonly stats?: Stats;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How the worker thread is run; for tests. */
  readonly thread?: NeuralThreadOptions;
}

/** Defaults of `NeuralRendererOptions`, but the graphs. */
export const NEURAL_RENDERER_DEFAULTS: Required<Omit<NeuralRendererOptions, 'graphs'>> = Object.freeze({
  device: 'auto',
  threads: availableParallelism(),
  batch: 4,
  batchBelowMs: 500,
  picturesPerDrawing: 6,
  frameMs: 120,
  shows: 'portrait',
  stats: noStats,
  logger: silentLogger,
  thread: {},
});

/** A thread that dies this often in a row without having drawn takes its drawings with it. */
const DEATHS_IN_A_ROW = 3;

/**
 * Draws portraits by SadTalker's networks on a thread of their own; frames of several viewers go into one batch when their
 * deadlines allow. A thread that dies or hangs is replaced.
 */
export class NeuralRenderer implements Renderer<NeuralPortrait> {
  readonly #options: Required<NeuralRendererOptions>;
  readonly #networks: LoadedNetworks;
  readonly #measured: BatchClock;
  readonly #clock: BatchClock;
  readonly #scheduler: FrameScheduler<DrawingFrame>;
  readonly #drawings = new Map<number, NeuralDrawing>();
  #thread: NeuralThread | undefined;
  /** The batch that is being drawn. */
  #underWay: readonly DrawingFrame[] = [];
  #lastDrawing = 0;
  #deaths = 0;
  #failure: Error | undefined;
  readonly #stop = new AbortController();
  #restarting = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: Required<NeuralRendererOptions>, thread: NeuralThread, networks: LoadedNetworks) {
    this.#options = options;
    this.#networks = networks;
    this.#measured = new BatchClock(networks.batchMs);
    this.#clock = new BatchClock(networks.batchMs);
    this.#scheduler = new FrameScheduler<DrawingFrame>({
      clock: this.#clock,
      viewers: () => (options.frameMs === Infinity ? this.#clock.most : this.#drawings.size),
      draw: (frames) => { this.#draw(frames); },
      tooLate: (frame) => { frame.drawing.lose(frame, new InvalidStateError(`The frame can't be drawn in time: it was asked for ${Math.round(performance.now() - frame.askedMs)} ms ago.`)); },
    });
    this.#adopt(thread);
  }

  /**
   * Loads the networks on the first device that takes them, warms them up and measures them.
   * @throws AvatarError `model_missing` when a graph is missing or no graph, `invalid_config` when CUDA is asked for and does not run.
   */
  static async open(given: NeuralRendererOptions): Promise<NeuralRenderer> {
    const options = { ...NEURAL_RENDERER_DEFAULTS, ...given };
    checkOptions(options);
    await checkFiles(options);
    try {
      const { thread, networks } = await NeuralThread.start(settingsOf(options), options.thread);
      return new NeuralRenderer(options, thread, networks);
    } catch (cause) {
      const says = cause instanceof Error ? cause.message : String(cause);
      throw options.device === 'cuda'
        ? new AvatarError('invalid_config', `The networks do not run on the device cuda: ${says}. Choose auto or cpu, or install what is missing.`, { cause })
        : new AvatarError('model_missing', `The networks cannot be loaded: ${says}. Import the checkpoints again.`, { cause });
    }
  }

  /** Device that the networks run on. */
  get provider(): Device {
    return this.#networks.provider;
  }

  /** Why they run there, for a log line. */
  get providerReason(): string {
    return this.#networks.providerReason;
  }

  /** Side of the drawn face in pixels. */
  get sizePx(): number {
    return this.#networks.sizePx;
  }

  /** Frames a second of all viewers together, measured at start in the quickest batch. */
  get framesPerSecond(): number {
    return this.#measured.framesPerSecond;
  }

  /** Milliseconds of a batch of 1, 2, … frames, measured at start. */
  get batchMs(): readonly number[] {
    return this.#networks.batchMs;
  }

  /**
   * Prepares a portrait for one viewer.
   * @throws TypeError when the portrait's parts do not fit together or not the networks; InvalidStateError when the renderer is closed.
   */
  async open(portrait: NeuralPortrait): Promise<FaceDrawing> {
    checkPortrait(portrait, this.#networks);
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The renderer is closed.');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    const drawing = this.#newDrawing(portrait);
    try {
      await drawing.opened;
    } catch (error) {
      await drawing.close();
      throw error;
    }
    return drawing;
  }

  /** Closes every drawing and stops the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#drawings.values()].map((drawing) => drawing.close()));
    this.#stop.abort();
    await this.#thread?.close();
    await this.#restarting;
  }

  #newDrawing(portrait: NeuralPortrait): NeuralDrawing {
    const { shows, picturesPerDrawing, frameMs } = this.#options;
    const { sizePx, columns } = this.#networks;
    const { width, height } = pastePlace(portrait, shows, sizePx);
    const windowFloats = columns * WINDOW_FRAMES;
    this.#lastDrawing += 1;
    const drawing = new NeuralDrawing({
      number: this.#lastDrawing, portrait, windowFloats,
      shape: { slots: picturesPerDrawing, motionFloats: windowFloats + VIEW_FLOATS, width, height },
      allowanceMs: () => Math.max(frameMs, this.#clock.expectedMs(this.#clock.most) + this.#clock.expectedMs(1)),
      ask: (frame) => { this.#scheduler.add(frame); },
      onClosed: () => { this.#forget(drawing); },
    });
    this.#drawings.set(drawing.number, drawing);
    this.#openOnThread(drawing);
    return drawing;
  }

  #openOnThread(drawing: NeuralDrawing): void {
    if (this.#thread !== undefined) {
      this.#scheduler.busy();
      this.#thread.ask({ kind: 'open', drawing: drawing.number, portrait: drawing.portrait, memory: drawing.memory });
    }
  }

  #forget(drawing: NeuralDrawing): void {
    this.#drawings.delete(drawing.number);
    this.#scheduler.remove((frame) => frame.drawing === drawing);
    this.#thread?.ask({ kind: 'closeDrawing', drawing: drawing.number });
  }

  #draw(frames: readonly DrawingFrame[]): void {
    this.#underWay = frames;
    this.#thread?.ask({ kind: 'draw', frames: frames.map(({ drawing, slot }) => ({ drawing: drawing.number, slot })) });
  }

  #adopt(thread: NeuralThread): void {
    this.#thread = thread;
    thread.listen({
      answered: (answer) => { this.#take(answer); },
      died: (cause) => { this.#replace(cause); },
    });
    for (const drawing of this.#drawings.values()) {
      this.#openOnThread(drawing);
    }
    this.#goOn();
  }

  #take(answer: NeuralWorkAnswer): void {
    if (answer.kind === 'opened') {
      this.#drawings.get(answer.drawing)?.ready();
    } else if (answer.kind === 'drawn') {
      this.#deaths = 0;
      this.#settle(answer.ms);
    } else if (answer.asked === 'open') {
      this.#drawings.get(answer.drawing)?.giveUp(new Error(`The portrait could not be prepared: ${answer.message}`));
    } else {
      const error = new Error(`The face could not be drawn: ${answer.message}`);
      this.#takeUnderWay().forEach((frame) => { frame.drawing.lose(frame, error); });
    }
    this.#goOn();
  }

  #settle(ms: number): void {
    const { stats } = this.#options;
    const frames = this.#takeUnderWay();
    this.#clock.took(frames.length, ms);
    stats.batchFrames(frames.length);
    for (const frame of frames) {
      stats.stageMs('render', ms / frames.length);
      frame.drawing.drawn(frame);
    }
  }

  #takeUnderWay(): readonly DrawingFrame[] {
    const frames = this.#underWay;
    this.#underWay = [];
    return frames;
  }

  #goOn(): void {
    if (this.#thread?.idle === true) {
      this.#scheduler.free();
    }
  }

  #replace(cause: Error): void {
    this.#thread = undefined;
    this.#scheduler.busy();
    for (const drawing of this.#drawings.values()) {
      drawing.renew();
    }
    // They are drawn again if there is still time.
    this.#scheduler.add(...this.#takeUnderWay().filter(({ drawing }) => this.#drawings.has(drawing.number)));
    this.#restarting = this.#restart(cause);
  }

  async #restart(cause: Error): Promise<void> {
    const { stats, logger, thread: options } = this.#options;
    let reason = cause;
    while (this.#closing === undefined) {
      this.#deaths += 1;
      if (this.#deaths >= DEATHS_IN_A_ROW) {
        this.#giveUp(new Error(`The neural thread died ${this.#deaths} times in a row: ${reason.message}`));
        return;
      }
      stats.count('worker_restarts');
      logger.error({ error: reason.message, deaths: this.#deaths }, 'a neural thread died and is replaced');
      try {
        const { thread } = await NeuralThread.start({ ...settingsOf(this.#options), device: this.provider, batch: this.#clock.most }, { ...options, signal: this.#stop.signal });
        await this.#takeOver(thread);
        return;
      } catch (error) {
        reason = error instanceof Error ? error : new Error(String(error));
      }
    }
  }

  /** Goes on with a new thread, unless the renderer was closed meanwhile. */
  async #takeOver(thread: NeuralThread): Promise<void> {
    if (this.#closing === undefined) {
      this.#adopt(thread);
    } else {
      await thread.close();
    }
  }

  #giveUp(error: Error): void {
    this.#failure = error;
    this.#options.logger.error({ error: error.message }, 'the neural renderer gives up');
    for (const drawing of this.#drawings.values()) {
      this.#scheduler.remove((frame) => frame.drawing === drawing);
      drawing.giveUp(error);
    }
  }
}

function settingsOf({ graphs, device, threads, batch, batchBelowMs, shows }: Required<NeuralRendererOptions>): NetworkSettings {
  return { graphs, device, threads, batch, batchBelowMs, shows };
}

function checkOptions({ threads, batch, picturesPerDrawing, frameMs, batchBelowMs }: Required<NeuralRendererOptions>): void {
  const ranges: readonly [string, number, number, number][] = [['threads', threads, 1, 64], ['batch', batch, 1, 16], ['picturesPerDrawing', picturesPerDrawing, 2, 64]];
  for (const [name, value, least, most] of ranges) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new TypeError(`${name} is a whole number from ${least} to ${most}, not ${value}.`);
    }
  }
  for (const [name, value] of [['frameMs', frameMs], ['batchBelowMs', batchBelowMs]] as const) {
    if (!(value > 0)) {
      throw new TypeError(`${name} is a number over 0, not ${value}.`);
    }
  }
}

async function checkFiles({ graphs, device }: Required<NeuralRendererOptions>): Promise<void> {
  const devices: readonly Device[] = device === 'auto' ? ['cuda', 'cpu'] : [device];
  for (const path of devices.flatMap((each) => Object.values(graphs[each]) as string[])) {
    await access(path).catch((cause: unknown) => {
      throw new AvatarError('model_missing', `The graph ${path} cannot be read. Import the checkpoints again.`, { cause });
    });
  }
}

/** Checks that a portrait's parts fit together and the networks. */
function checkPortrait({ photo, face, box, coefficients }: NeuralPortrait, { sizePx, columns }: LoadedNetworks): void {
  checkImage('photo', photo);
  checkImage('face', face);
  if (photo.width % 2 !== 0 || photo.height % 2 !== 0) {
    throw new TypeError(`A portrait's photo has an even width and height, not ${photo.width} × ${photo.height}.`);
  }
  if (face.width !== sizePx || face.height !== sizePx) {
    throw new TypeError(`The networks take faces of ${sizePx} × ${sizePx} pixels, not ${face.width} × ${face.height}.`);
  }
  checkBox(box, photo);
  if (coefficients.length < columns) {
    throw new TypeError(`The networks take rows of ${columns} coefficients; the portrait has ${coefficients.length}.`);
  }
}

function checkBox({ left, top, right, bottom }: Box, photo: RgbImage): void {
  if (![left, top, right, bottom].every(Number.isInteger) || left < 0 || top < 0 || right > photo.width || bottom > photo.height || left >= right || top >= bottom) {
    throw new TypeError(`The face's box ${left}, ${top} to ${right}, ${bottom} is no part of a photo of ${photo.width} × ${photo.height} in whole pixels.`);
  }
}

function checkImage(name: string, { width, height, data }: RgbImage): void {
  if (data.length !== width * height * 3) {
    throw new TypeError(`The portrait's ${name} has ${data.length} bytes; ${width} × ${height} needs ${width * height * 3}.`);
  }
}
