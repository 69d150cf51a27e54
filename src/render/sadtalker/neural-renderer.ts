import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import { AvatarError, InvalidStateError } from '../../base/errors.ts';
import type { Device } from '../../inference/thread-messages.ts';
import { openedDrawing } from '../opened-drawing.ts';
import type { FaceDrawing, Renderer } from '../renderer.ts';
import { BatchClock } from './batch-clock.ts';
import { FrameScheduler } from './frame-scheduler.ts';
import { NeuralDrawing, type DrawingFrame } from './neural-drawing.ts';
import type { LoadedNetworks } from './neural-messages.ts';
import { checkFiles, checkOptions, NEURAL_RENDERER_DEFAULTS, settingsOf, type NeuralRendererOptions, type NeuralRendererSettings } from './neural-renderer-options.ts';
import { NeuralThread, type NeuralWorkAnswer } from './neural-thread.ts';
import { checkPortrait } from './portrait-check.ts';
import { pastePlace } from './portrait-view.ts';
import { VIEW_FLOATS } from './slot-memory.ts';

/** A thread that dies, or networks that fail, this often in a row without having drawn take the drawings with them. */
const FAILURES_IN_A_ROW = 3;

/**
 * Draws portraits by SadTalker's networks on a thread of their own; frames of several viewers go into one batch when their
 * deadlines allow. A thread that dies or hangs is replaced.
 */
export class NeuralRenderer implements Renderer<NeuralPortrait> {
  /** Frames a second of all viewers together, measured at start in the quickest batch. */
  readonly framesPerSecond: number;
  readonly #options: NeuralRendererSettings;
  readonly #networks: LoadedNetworks;
  readonly #clock: BatchClock;
  readonly #scheduler: FrameScheduler<DrawingFrame>;
  readonly #drawings = new Map<number, NeuralDrawing>();
  #thread: NeuralThread | undefined;
  /** The batch that is being drawn. */
  #underWay: readonly DrawingFrame[] = [];
  #lastDrawing = 0;
  #deaths = 0;
  #failedBatches = 0;
  #failure: Error | undefined;
  readonly #stop = new AbortController();
  #restarting = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: NeuralRendererSettings, thread: NeuralThread, networks: LoadedNetworks) {
    this.#options = options;
    this.#networks = networks;
    this.#clock = new BatchClock(networks.batchMs);
    this.framesPerSecond = this.#clock.framesPerSecond;
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
   * @throws AvatarError `model_missing` when a graph is missing or no graph, `invalid_config` when CUDA is asked for and does not run; the signal's reason when it stops the load.
   */
  static async open({ signal, ...given }: NeuralRendererOptions): Promise<NeuralRenderer> {
    const options = { ...NEURAL_RENDERER_DEFAULTS, ...given };
    checkOptions(options);
    await checkFiles(options);
    try {
      const { thread, networks } = await NeuralThread.start(settingsOf(options), { ...options.thread, signal });
      return new NeuralRenderer(options, thread, networks);
    } catch (cause) {
      signal?.throwIfAborted();
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

  /** Milliseconds of a batch of 1, 2, … frames, measured at start. */
  get batchMs(): readonly number[] {
    return this.#networks.batchMs;
  }

  /** Why nothing is drawn any more, once the renderer has given up; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Prepares a portrait for one viewer.
   * @throws TypeError when the portrait's parts do not fit together or not the networks; InvalidStateError when the renderer is closed; `failure` when it has given up.
   */
  async open(portrait: NeuralPortrait): Promise<FaceDrawing> {
    checkPortrait(portrait, this.#networks);
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The renderer is closed.');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    return openedDrawing(this.#newDrawing(portrait));
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
      this.#failedBatches = 0;
      this.#settle(answer.ms);
    } else if (answer.asked === 'open') {
      this.#loseDrawing(answer.drawing, new Error(`The portrait could not be prepared: ${answer.message}`));
    } else {
      this.#loseBatch(answer.message);
    }
    this.#goOn();
  }

  /** Its frames must go first: in a batch they would fail those of other viewers, for the thread does not have the drawing. */
  #loseDrawing(number: number, error: Error): void {
    this.#scheduler.remove(({ drawing }) => drawing.number === number);
    this.#drawings.get(number)?.giveUp(error);
  }

  /** A batch holds frames of many viewers: one that fails costs each of them a frame, not the session. */
  #loseBatch(says: string): void {
    const frames = this.#takeUnderWay();
    const error = new InvalidStateError(`The frame could not be drawn: ${says}`);
    frames.forEach((frame) => { frame.drawing.lose(frame, error); });
    this.#failedBatches += 1;
    this.#options.logger.error({ error: says, frames: frames.length, failedBatches: this.#failedBatches }, 'a batch of frames could not be drawn');
    if (this.#failedBatches >= FAILURES_IN_A_ROW) {
      this.#giveUp(new Error(`The networks failed ${this.#failedBatches} times in a row: ${says}`));
    }
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
    while (this.#closing === undefined && this.#failure === undefined) {
      this.#deaths += 1;
      if (this.#deaths >= FAILURES_IN_A_ROW) {
        this.#giveUp(new Error(`The neural thread died ${this.#deaths} times in a row: ${reason.message}`));
        return;
      }
      stats.count('worker_restarts');
      logger.error({ error: reason.message, deaths: this.#deaths }, 'a neural thread died and is replaced');
      try {
        const { thread, networks } = await NeuralThread.start({ ...settingsOf(this.#options), device: this.provider, batch: this.#clock.most }, { ...options, signal: this.#stop.signal });
        await this.#takeOver(thread, networks);
        return;
      } catch (error) {
        reason = error instanceof Error ? error : new Error(String(error));
      }
    }
  }

  /** Goes on with a new thread, unless the renderer was closed meanwhile. */
  async #takeOver(thread: NeuralThread, { batchMs }: LoadedNetworks): Promise<void> {
    if (this.#closing === undefined) {
      this.#clock.renew(batchMs);
      this.#adopt(thread);
    } else {
      await thread.close();
    }
  }

  #giveUp(error: Error): void {
    this.#failure = error;
    this.#options.logger.error({ error: error.message }, 'the neural renderer gives up');
    this.#scheduler.remove(() => true);
    for (const drawing of this.#drawings.values()) {
      drawing.giveUp(error);
    }
  }
}
