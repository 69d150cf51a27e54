import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import { WINDOW_FRAMES } from '../../base/coefficient-layout.ts';
import { FacePainter } from './face-painter.ts';
import { VIEW_FLOATS, type NeuralNetworks } from './neural-networks.ts';
import type { SlotFrame } from './neural-messages.ts';
import { makeSlotMemory, slotViews } from './slot-memory.ts';

/** Where one frame takes so long, batches help nobody and would take gigabytes. */
const SLOW_MS = 500;

/** A first run that takes so long on the processor says enough; on a GPU it is mostly set-up. */
const CLEARLY_SLOW_MS = 4 * SLOW_MS;

/** Timed runs of each batch; the first runs of a shape also set things up, and are not timed. */
const UNTIMED_RUNS = 2;
const TIMED_RUNS = 3;

/**
 * Runs every batch size up to the setting, drawings of as many portraits, and returns the median milliseconds of each.
 * Where one frame is slow it stops at 1; without `repeats` a frame that is clearly slow is run once.
 */
export async function batchTimes(networks: NeuralNetworks, { batch, repeats }: { batch: number; repeats: boolean }): Promise<number[]> {
  const painter = new FacePainter(networks, 'face');
  const { sizePx, columns } = networks;
  const memory = makeSlotMemory({ slots: 1, motionFloats: columns * WINDOW_FRAMES + VIEW_FLOATS, width: sizePx, height: sizePx });
  slotViews(memory).motions[0]!.fill(NaN, columns * WINDOW_FRAMES);
  const times: number[] = [];
  const frames: SlotFrame[] = [];
  while (frames.length < batch && (times[0] ?? 0) <= SLOW_MS) {
    const drawing = frames.length;
    await painter.open({ drawing, portrait: standIn(sizePx, `warm-up ${drawing}`), memory });
    frames.push({ drawing, slot: 0 });
    times.push(await medianMs(() => painter.draw(frames), repeats));
  }
  return times;
}

async function medianMs(run: () => Promise<void>, repeats: boolean): Promise<number> {
  const timed = async (): Promise<number> => {
    const startMs = performance.now();
    await run();
    return performance.now() - startMs;
  };
  const firstMs = await timed();
  if (!repeats && firstMs > CLEARLY_SLOW_MS) {
    return firstMs;
  }
  for (let runs = 1; runs < UNTIMED_RUNS; runs += 1) {
    await run();
  }
  const times: number[] = [];
  for (let runs = 0; runs < TIMED_RUNS; runs += 1) {
    times.push(await timed());
  }
  return times.sort((a, b) => a - b)[TIMED_RUNS >> 1]!;
}

/** A grey portrait: what is drawn does not matter here. */
function standIn(sizePx: number, id: string): NeuralPortrait {
  const grey = { width: sizePx, height: sizePx, data: new Uint8Array(3 * sizePx * sizePx).fill(128) };
  const box = { left: 0, top: 0, right: sizePx, bottom: sizePx };
  return { id, mode: 'crop', photo: grey, face: grey, box, coefficients: new Float32Array(73) };
}
