import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { AvatarError } from '../../base/errors.ts';
import { silentLogger, type Logger } from '../../base/logger.ts';
import { noStats, type Stats } from '../../base/stats.ts';
import type { DeviceChoice } from '../../inference/device-choice.ts';
import type { Device } from '../../inference/thread-messages.ts';
import type { NetworkSettings, NeuralGraphs, PictureKind } from './neural-messages.ts';
import type { NeuralThreadOptions } from './neural-thread.ts';

/** More processor threads than this make no run quicker. */
const MOST_THREADS = 64;

/** Options of `NeuralRenderer.open`. */
export interface NeuralRendererOptions {
  /** Graph files for each device: halves are quick on CUDA, and slow on the processor. */
  readonly graphs: Readonly<Record<Device, NeuralGraphs>>;
  /** Default `auto`: CUDA where it runs, else the processor. */
  readonly device?: DeviceChoice;
  /** Processor threads of one run, 1 to 64. Default: as many as the machine has cores, at most 64. */
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
  /** Stops a load that is under way: `open()` then rejects with its reason, within seconds. Once it is open, `close()` ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** The options that an open renderer goes by. */
export type NeuralRendererSettings = Required<Omit<NeuralRendererOptions, 'signal'>>;

/** Defaults of `NeuralRendererOptions`, but the graphs. */
export const NEURAL_RENDERER_DEFAULTS: Omit<NeuralRendererSettings, 'graphs'> = Object.freeze({
  device: 'auto',
  threads: Math.min(MOST_THREADS, availableParallelism()),
  batch: 4,
  batchBelowMs: 500,
  picturesPerDrawing: 6,
  frameMs: 120,
  shows: 'portrait',
  stats: noStats,
  logger: silentLogger,
  thread: {},
});

/** Returns what the thread is told of the options. */
export function settingsOf({ graphs, device, threads, batch, batchBelowMs, shows }: NeuralRendererSettings): NetworkSettings {
  return { graphs, device, threads, batch, batchBelowMs, shows };
}

/** Checks the options' ranges. @throws TypeError when one is out of range. */
export function checkOptions({ threads, batch, picturesPerDrawing, frameMs, batchBelowMs }: NeuralRendererSettings): void {
  const ranges: readonly [string, number, number, number][] = [['threads', threads, 1, MOST_THREADS], ['batch', batch, 1, 16], ['picturesPerDrawing', picturesPerDrawing, 2, 64]];
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

/** Checks that the graph files can be read. @throws AvatarError `model_missing` when a graph that may be loaded is not there. */
export async function checkFiles({ graphs, device }: NeuralRendererSettings): Promise<void> {
  const devices: readonly Device[] = device === 'auto' ? ['cuda', 'cpu'] : [device];
  for (const path of devices.flatMap((each) => Object.values(graphs[each]) as string[])) {
    await access(path).catch((cause: unknown) => {
      throw new AvatarError('model_missing', `The graph ${path} cannot be read. Import the checkpoints again.`, { cause });
    });
  }
}
