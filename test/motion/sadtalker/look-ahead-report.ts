/**
 * Prints how far SadTalker's motion with little look-ahead is from the offline result, in coefficient windows and in the mapping
 * net's keypoints: `node test/motion/sadtalker/look-ahead-report.ts`. The networks are filled by the goldens' recipe.
 */
import type { MelWindow } from '../../../src/base/mel-window.ts';
import type { MotionFrame } from '../../../src/base/motion-frame.ts';
import { ExpNetModel } from '../../../src/motion/sadtalker/exp-net-model.ts';
import { FULL_LOOK_AHEAD_FRAMES, NeuralFaceMotion } from '../../../src/motion/sadtalker/neural-face-motion.ts';
import { Goldens } from '../../models/goldens.ts';
import { recipeInput } from '../../models/recipe.ts';
import { melWindows, realClip } from '../sound.ts';
import { type RecipePack, openRecipePack } from './recipe-pack.ts';

const FRAME_MS = 40;
const LOOK_AHEADS = [0, 4, 13, FULL_LOOK_AHEAD_FRAMES];

interface Moved {
  readonly windows: Float32Array;
  readonly keypoints: Float32Array;
}

async function moved(pack: RecipePack, windows: readonly MelWindow[], options: { lookAheadFrames: number; still: boolean }): Promise<Moved> {
  const portrait = recipeInput('public', 'portrait', { shape: [73], lowest: -0.3, highest: 0.3 });
  await using face = new NeuralFaceMotion({ expression: new ExpNetModel(pack.expnet), pose: pack.posevae, portrait, seed: 7, ...options });
  const frames: MotionFrame[] = [];
  for (const window of windows) {
    const frame = await face.next(window, 'speaking');
    frames.push(...(frame === undefined ? [] : [frame]));
  }
  frames.push(...await face.finish());
  const coefficients = Float32Array.from(frames.flatMap(({ expression }) => [...expression]));
  using goldens = new Goldens(new URL('../../models/fixtures/cases.safetensors', import.meta.url));
  const { keypoints } = await pack.mapping.run({
    coefficients: { dims: [frames.length, 70, 27], data: coefficients },
    canonical: goldens.floats('mini.kp_canonical'),
    view: { dims: [frames.length, 3], data: new Float32Array(3 * frames.length).fill(NaN) },
  }, { outputs: ['keypoints'] });
  return { windows: coefficients, keypoints: keypoints?.data as Float32Array };
}

/** Root of the mean squared difference. */
function difference(one: Float32Array, other: Float32Array): number {
  return Math.sqrt(one.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) / one.length);
}

/** Root of the mean squared distance of keypoints (frames × 45) from their own mean over the clip. */
function spread(keypoints: Float32Array): number {
  const mean = keypoints.slice(0, 45).map((_, i) => keypoints.reduce((sum, value, at) => sum + (at % 45 === i ? value : 0), 0) / (keypoints.length / 45));
  return difference(keypoints, keypoints.map((_, i) => mean[i % 45]!));
}

await using pack = await openRecipePack();
const windows = melWindows(realClip().samples);
const print = (...cells: readonly string[]): void => { process.stdout.write(`${cells.map((cell) => cell.padStart(14)).join('')}\n`); };
process.stdout.write(`${windows.length} frames of speech; root mean square differences from the offline result.\n`);
for (const still of [true, false]) {
  process.stdout.write(`\n${still ? 'Head still: what waiting changes' : 'Head moving: live, its motion is another draw, made ahead of the sound'}\n`);
  print('look-ahead', 'later by', 'windows', 'keypoints', 'of their own');
  const exact = await moved(pack, windows, { still, lookAheadFrames: FULL_LOOK_AHEAD_FRAMES });
  for (const lookAheadFrames of LOOK_AHEADS) {
    const made = await moved(pack, windows, { still, lookAheadFrames });
    const keypoints = difference(made.keypoints, exact.keypoints);
    print(`${lookAheadFrames} frames`, `${lookAheadFrames * FRAME_MS} ms`, difference(made.windows, exact.windows).toExponential(1), keypoints.toExponential(1), `${((100 * keypoints) / spread(exact.keypoints)).toFixed(1)} %`);
  }
}
