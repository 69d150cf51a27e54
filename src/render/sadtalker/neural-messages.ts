import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import type { DeviceChoice } from '../../inference/device-choice.ts';
import type { Device } from '../../inference/thread-messages.ts';
import type { SlotMemory } from './slot-memory.ts';

/** Paths of the graphs that draw. */
export interface NeuralGraphs {
  readonly portrait: string;
  readonly mapping: string;
  readonly render: string;
}

/** What a drawing's pictures show: the portrait with the face pasted in, or the drawn face alone. */
export type PictureKind = 'portrait' | 'face';

/** One frame of a batch: its motion lies in the slot, its picture goes there. */
export interface SlotFrame {
  readonly drawing: number;
  readonly slot: number;
}

/** How the networks are run. */
export interface NetworkSettings {
  /** Graphs for each device: halves are quick on one and slow on the other. */
  readonly graphs: Readonly<Record<Device, NeuralGraphs>>;
  readonly device: DeviceChoice;
  /** Processor threads of one run. */
  readonly threads: number;
  /** Most frames drawn at once. */
  readonly batch: number;
  /** One frame must not take longer for batches to be larger than 1. */
  readonly batchBelowMs: number;
  readonly shows: PictureKind;
}

/** What the renderer asks of its thread, one after the other. Drawings are numbered by the renderer. */
export type NeuralRequest =
  | ({ readonly kind: 'load' } & NetworkSettings)
  | { readonly kind: 'open'; readonly drawing: number; readonly portrait: NeuralPortrait; readonly memory: SlotMemory }
  | { readonly kind: 'draw'; readonly frames: readonly SlotFrame[] }
  /** It has no answer. */
  | { readonly kind: 'closeDrawing'; readonly drawing: number }
  /** Ends the thread after the run under way; it has no answer. */
  | { readonly kind: 'close' };

/** What the networks turned out to be. */
export interface LoadedNetworks {
  readonly provider: Device;
  /** Why this provider and no other, for a log line. */
  readonly providerReason: string;
  /** Side of the drawn face in pixels. */
  readonly sizePx: number;
  /** Coefficients in a row of a motion's window. */
  readonly columns: number;
  /** Measured milliseconds of a batch of 1, 2, …: as many as are worth drawing at once here. */
  readonly batchMs: readonly number[];
}

/** What the thread answers. */
export type NeuralAnswer =
  | ({ readonly kind: 'loaded' } & LoadedNetworks)
  | { readonly kind: 'opened'; readonly drawing: number }
  | { readonly kind: 'drawn'; readonly ms: number }
  | { readonly kind: 'failed'; readonly asked: 'load' | 'draw'; readonly message: string }
  | { readonly kind: 'failed'; readonly asked: 'open'; readonly drawing: number; readonly message: string };
