import { melFilterbank } from '../../src/audio/mel-analyser.ts';
import { MelStream } from '../../src/audio/mel-stream.ts';
import { resizeBicubic, cutSquare } from '../../src/avatars/sadtalker/bicubic-resize.ts';
import { ALIGNED_PX, MEAN_FACE_POINTS, alignFace, alignedCrop } from '../../src/avatars/sadtalker/face-alignment.ts';
import { faceCrop } from '../../src/avatars/sadtalker/face-crop.ts';
import type { Point } from '../../src/avatars/sadtalker/landmarks.ts';
import { viewPath } from '../../src/motion/sadtalker/view-path.ts';
import { readFileSync } from 'node:fs';
import { melSpectrogram } from '../audio/mel-spectrogram.ts';
import { alignLandmarks } from '../avatars/sadtalker/align-landmarks.ts';
import type { Goldens } from './goldens.ts';
import { type ParityRow, TOLERANCES, compare } from './parity-row.ts';

const LANDMARKS = 68;
const SAMPLES_PER_FRAME = 640;
const WAV_HEADER_BYTES = 44;

/** Compares what needs no network: mel, crop, alignment and free view. */
export function signalParity(goldens: Goldens, tonePath: string | URL): ParityRow[] {
  return [...melParity(goldens, tonePath), ...cropParity(goldens), ...alignmentParity(goldens), ...viewParity(goldens)];
}

function melParity(goldens: Goldens, tonePath: string | URL): ParityRow[] {
  const wav = readFileSync(tonePath);
  const samples = Float32Array.from({ length: (wav.length - WAV_HEADER_BYTES) / 2 }, (_, i) => wav.readInt16LE(WAV_HEADER_BYTES + 2 * i) / 32768);
  const whole = samples.subarray(0, samples.length - (samples.length % SAMPLES_PER_FRAME));
  const stream = new MelStream({ holdPartialFrames: true });
  const windows: number[] = [];
  stream.push(samples);
  stream.flush();
  for (let window = stream.take(); window !== undefined; window = stream.take()) {
    windows.push(...window.values);
  }
  const tolerance = TOLERANCES.mel;
  return [
    compare('mel.filterbank', { actual: melFilterbank(), expected: goldens.floats('mel.filterbank').data, tolerance }),
    compare('mel.whole', { actual: melSpectrogram(whole).values, expected: goldens.floats('mel.whole').data, tolerance }),
    compare('mel.windows', { actual: windows, expected: goldens.floats('mel.windows').data, tolerance }),
  ];
}

function landmarkSet(values: Float64Array, set: number): Point[] {
  return Array.from({ length: LANDMARKS }, (_, i): Point => [values[2 * (set * LANDMARKS + i)]!, values[2 * (set * LANDMARKS + i) + 1]!]);
}

function cropParity(goldens: Goldens): ParityRow[] {
  const sets = goldens.doubles('preprocess.lm68');
  const sizes = goldens.integers('preprocess.image_sizes');
  const crops = Array.from({ length: sizes.length / 2 }, (_, set) => {
    const { width, height, crop, quad } = faceCrop(landmarkSet(sets, set), sizes[2 * set]!, sizes[2 * set + 1]!);
    return [width, height, crop.left, crop.top, crop.right, crop.bottom, quad.left, quad.top, quad.right, quad.bottom];
  }).flat();
  const expected = goldens.doubles('preprocess.crop');
  return [
    // Everything later works on whole pixels: those are exact, and the square's fractions to the last bits of a double.
    compare('preprocess.crop (pixels)', { actual: crops.map(Math.trunc), expected: expected.map(Math.trunc), tolerance: TOLERANCES.exact }),
    compare('preprocess.crop', { actual: crops, expected, tolerance: TOLERANCES.view }),
  ];
}

function alignmentParity(goldens: Goldens): ParityRow[] {
  const sets = goldens.doubles('preprocess.lm68');
  const sizes = goldens.integers('preprocess.image_sizes');
  const aligned = Array.from({ length: sizes.length / 2 }, (_, set) => {
    const [width, height] = [sizes[2 * set]!, sizes[2 * set + 1]!];
    const { scale, x, y } = alignFace(landmarkSet(sets, set), height);
    return [width, height, scale, x, y];
  });
  const picture = { width: 256, height: 256, data: goldens.bytes('preprocess.align_image') };
  const landmarks = landmarkSet(sets, sizes.length / 2 - 1);
  const alignment = alignFace(landmarks, picture.height);
  const crop = alignedCrop(alignment, picture.width, picture.height);
  const cut = cutSquare(resizeBicubic(picture, crop.width, crop.height), { ...crop, size: ALIGNED_PX });
  return [
    compare('preprocess.lm3d_std', { actual: MEAN_FACE_POINTS.flat(), expected: goldens.doubles('preprocess.lm3d_std'), tolerance: TOLERANCES.align }),
    // Scale and place are compared relative to their size: the golden's own are float32.
    compare('preprocess.align', { actual: relative(aligned.flat(), goldens.doubles('preprocess.align')), expected: relative(goldens.doubles('preprocess.align'), goldens.doubles('preprocess.align')), tolerance: TOLERANCES.align }),
    compare('preprocess.align_lm', { actual: alignLandmarks(landmarks, alignment, picture).flat(), expected: goldens.doubles('preprocess.align_lm'), tolerance: TOLERANCES.align }),
    compare('preprocess.align_224', { actual: cut.data, expected: goldens.bytes('preprocess.align_224'), tolerance: TOLERANCES.exact }),
  ];
}

function relative(values: ArrayLike<number>, scale: ArrayLike<number>): number[] {
  return Array.from(values, (value, i) => value / Math.max(1, Math.abs(scale[i]!)));
}

function viewParity(goldens: Goldens): ParityRow[] {
  const lists = [[20], [0, 30, -20], [10, -15, 15, 0]];
  return lists.map((angles, i) => {
    const expected = goldens.doubles(`camera.pose_${i}`);
    const frames = i === 2 ? 100 : 41;
    const path = viewPath(angles, frames);
    const padded = Array.from(expected, (_, frame) => path[Math.min(frame, frames - 1)]!);
    return compare(`camera.pose_${i}`, { actual: padded, expected, tolerance: TOLERANCES.view });
  });
}
