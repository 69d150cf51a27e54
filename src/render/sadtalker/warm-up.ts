import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import { FacePainter } from './face-painter.ts';
import type { NeuralNetworks } from './neural-networks.ts';
import type { SlotFrame } from './neural-messages.ts';
import { makeSlotMemory, slotViews, VIEW_FLOATS } from './slot-memory.ts';

/** A first run that takes so long on the processor says enough. */
const CLEARLY_SLOW_MS = 2000;

/** Timed runs of each batch, fewer where they take too long. The first run of a shape also sets things up, and is not timed. */
const TIMED_RUNS = 3;
const TIMED_MS = 500;

/** How batches are timed. */
export interface WarmUp {
  /** Largest batch. */
  readonly batch: number;
  /** Where one frame takes longer, larger batches are left out. */
  readonly batchBelowMs: number;
  /** True where first runs are slow for reasons of their own, as a GPU's are. */
  readonly settles: boolean;
}

/** What batches take. */
export interface MeasuredBatches {
  /** Median milliseconds of a batch of 1, 2, … frames. */
  readonly batchMs: readonly number[];
  /** Why there are fewer sizes than were asked for, where a batch failed. */
  readonly stopped?: string;
}

/** Runs every batch size, frames of as many portraits. A size that fails, for want of memory say, is left out, and so are all larger ones. */
export async function measureBatches(networks: NeuralNetworks, { batch, batchBelowMs, settles }: WarmUp): Promise<MeasuredBatches> {
  const painter = await FacePainter.load(networks, 'face');
  const { sizePx, columns } = networks;
  const memory = makeSlotMemory({ slots: 1, motionFloats: columns * WINDOW_FRAMES + VIEW_FLOATS, width: sizePx, height: sizePx });
  slotViews(memory).motions[0]!.fill(NaN, columns * WINDOW_FRAMES);
  const batchMs: number[] = [];
  const frames: SlotFrame[] = [];
  while (frames.length < batch && (batchMs[0] ?? 0) <= batchBelowMs) {
    const drawing = frames.length;
    await painter.open({ drawing, portrait: standIn(sizePx, `warm-up ${drawing}`), memory });
    frames.push({ drawing, slot: 0 });
    try {
      batchMs.push(await medianMs(() => painter.draw(frames), settles));
    } catch (error) {
      if (frames.length === 1) {
        throw error;
      }
      return { batchMs, stopped: `batches of ${frames.length} do not run: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
  return { batchMs };
}

async function medianMs(run: () => Promise<void>, settles: boolean): Promise<number> {
  const timed = async (): Promise<number> => {
    const startMs = performance.now();
    await run();
    return performance.now() - startMs;
  };
  const firstMs = await timed();
  if (!settles && firstMs > CLEARLY_SLOW_MS) {
    return firstMs;
  }
  const times: number[] = [];
  for (let spentMs = 0; times.length < TIMED_RUNS && spentMs < TIMED_MS; spentMs += times[times.length - 1]!) {
    times.push(await timed());
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** A grey portrait: what is drawn does not matter here. */
function standIn(sizePx: number, id: string): NeuralPortrait {
  const grey = { width: sizePx, height: sizePx, data: new Uint8Array(3 * sizePx * sizePx).fill(128) };
  const box = { left: 0, top: 0, right: sizePx, bottom: sizePx };
  return { id, mode: 'crop', photo: grey, face: grey, box, coefficients: new Float32Array(73) };
}
