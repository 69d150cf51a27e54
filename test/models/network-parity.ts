import { join } from 'node:path';
import type { OnnxThread } from '../../src/inference/onnx-thread.ts';
import type { NamedTensors, Tensor } from '../../src/inference/tensor.ts';
import type { Precision } from '../../src/models/graph-builder.ts';
import { POSE_COLUMNS, POSE_STYLES, WINDOW_FRAMES } from '../../src/base/coefficient-layout.ts';
import { type GraphName, type PackManifest, graphPath } from '../../src/models/pack-manifest.ts';
import type { PictureSize } from '../../src/models/checkpoint-set.ts';
import { type CoefficientTrack, frameWindow, portraitWindow } from '../motion/sadtalker/coefficient-windows.ts';
import { assemblePoses, poseChunks } from '../motion/sadtalker/pose-sequence.ts';
import { PoseTrack } from '../../src/motion/sadtalker/pose-track.ts';
import type { GoldenTensor, Goldens } from './goldens.ts';
import { type ParityRow, TOLERANCES, type Tolerance, compare } from './parity-row.ts';
import { recipeInput } from './recipe.ts';

/** An imported pack and what runs its graphs. */
export interface ImportedPack {
  readonly folder: string;
  readonly manifest: PackManifest;
  readonly thread: OnnxThread;
  /** Threads a graph may use. */
  readonly threads?: number;
  readonly precision?: Precision;
}

/** Frames of the golden track whose windows are the golden ones. */
const GOLDEN_FRAMES = [0, 5, 39];
const MEL_WINDOW = [1, 80, 16];
const MEL_WINDOW_VALUES = 80 * 16;
const CHUNK_FRAMES = 32;

/** Runs one graph of a pack once. */
export async function runGraph(pack: ImportedPack, wanted: { graph: GraphName; size?: PictureSize; coefficients?: number }, feeds: NamedTensors): Promise<NamedTensors> {
  return runFile(pack, graphPath(pack.folder, pack.manifest, { precision: pack.precision ?? 'fp32', ...wanted }), feeds);
}

/** Runs one ONNX file once. */
export async function runFile({ thread, threads }: ImportedPack, path: string, feeds: NamedTensors): Promise<NamedTensors> {
  await using model = await thread.load(path, { intraOpThreads: threads ?? 1 });
  return await model.run(feeds);
}

/** Keypoints and mapping outputs of one golden case. */
export interface DrivenCase {
  readonly rows: ParityRow[];
  readonly source: Tensor;
  readonly driving: Tensor;
}

/** Compares the windows, the mapping net and the transformed keypoints of the case `name`, from canonical keypoints that were computed here. */
export async function mappingParity(goldens: Goldens, pack: ImportedPack, { name, canonical }: { name: string; canonical: Tensor }): Promise<DrivenCase> {
  const track = goldens.floats(`${name}.coeffs`);
  const columns = track.dims[1]!;
  const rows = windowParity(goldens, name, { values: track.data, columns });
  const run = async (which: string): Promise<NamedTensors> => {
    const windows = goldens.floats(`${name}.semantics_${which}`);
    const frames = windows.dims[0]!;
    const view = { dims: [frames, 3], data: new Float32Array(3 * frames).fill(NaN) };
    return runGraph(pack, { graph: 'mapping', coefficients: columns }, { coefficients: windows, canonical, view });
  };
  const [source, target] = [await run('source'), await run('target')];
  const outputs = { yaw: 'yaw', pitch: 'pitch', roll: 'roll', t: 'translation', exp: 'expression' };
  for (const [golden, output] of Object.entries(outputs)) {
    rows.push(check(goldens, `${name}.mapping_${golden}`, target[output], TOLERANCES.mapping));
    rows.push(check(goldens, `${name}.mapping_source_${golden}`, source[output], TOLERANCES.mapping));
  }
  rows.push(check(goldens, `${name}.kp_source`, source['keypoints'], TOLERANCES.keypoints));
  rows.push(check(goldens, `${name}.kp_driving`, target['keypoints'], TOLERANCES.keypoints));
  return { rows, source: source['keypoints']!, driving: target['keypoints']! };
}

function windowParity(goldens: Goldens, name: string, track: CoefficientTrack): ParityRow[] {
  const target = goldens.floats(`${name}.semantics_target`);
  const windows = new Float32Array(target.data.length);
  for (const [i, frame] of GOLDEN_FRAMES.entries()) {
    windows.set(frameWindow(track, frame), i * track.columns * WINDOW_FRAMES);
  }
  const source = portraitWindow(track.values.subarray(0, track.columns));
  return [
    compare(`${name}.semantics_source`, { actual: source, expected: goldens.floats(`${name}.semantics_source`).data, tolerance: TOLERANCES.exact }),
    compare(`${name}.semantics_target`, { actual: windows, expected: target.data, tolerance: TOLERANCES.exact }),
  ];
}

/** Compares the portrait graph of the case `name`; returns what the render graph needs of it. */
export async function portraitParity(goldens: Goldens, pack: ImportedPack, name: string): Promise<{ rows: ParityRow[]; portrait: NamedTensors }> {
  const portrait = await runGraph(pack, { graph: 'portrait', size: 256 }, { image: goldens.floats(`${name}.image`) });
  const rows = [check(goldens, `${name}.kp_canonical`, portrait['keypoints'], TOLERANCES.keypoints)];
  if (goldens.names.includes(`${name}.feature_3d`)) {
    rows.push(check(goldens, `${name}.feature_3d`, portrait['feature'], TOLERANCES.feature));
  }
  return { rows, portrait };
}

/** Compares every step of the reduced network: the pack's frames, and the inspection graph's maps. */
export async function miniParity(goldens: Goldens, pack: ImportedPack, inspectionPath: string): Promise<ParityRow[]> {
  const { rows, portrait } = await portraitParity(goldens, pack, 'mini');
  const canonical = portrait['keypoints']!;
  const { rows: mapped, source, driving } = await mappingParity(goldens, pack, { name: 'mini', canonical });
  rows.push(...mapped);
  const feeds = renderFeeds(portrait, source, driving);
  const { frames } = await runGraph(pack, { graph: 'render', size: 256 }, feeds);
  const inspected = await runFile(pack, inspectionPath, feeds);
  const firstMask = goldens.floats('mini.mask');
  rows.push(
    compare('mini.mask', { actual: floats(inspected['mask']).subarray(0, firstMask.data.length), expected: firstMask.data, tolerance: TOLERANCES.mask }),
    check(goldens, 'mini.deformation', inspected['deformation'], TOLERANCES.mask),
    check(goldens, 'mini.occlusion', inspected['occlusion'], TOLERANCES.mask),
    check(goldens, 'mini.decoder_input', inspected['decoder_input'], TOLERANCES.feature),
    check(goldens, 'mini.frames', frames, TOLERANCES.miniFrames),
  );
  rows.push(check(goldens, 'mini73.kp_canonical', canonical, TOLERANCES.keypoints));
  rows.push(...(await mappingParity(goldens, pack, { name: 'mini73', canonical })).rows);
  return rows;
}

/** Compares the official widths: keypoints, mapping, and one frame with its occlusion. */
export async function fullParity(goldens: Goldens, pack: ImportedPack, inspectionPath: string): Promise<ParityRow[]> {
  const { rows, portrait } = await portraitParity(goldens, pack, 'full256');
  const { rows: mapped, source, driving } = await mappingParity(goldens, pack, { name: 'full256', canonical: portrait['keypoints']! });
  const [, points, axes] = driving.dims as [number, number, number];
  const second = { dims: [1, points, axes], data: driving.data.slice(points * axes, 2 * points * axes) };
  const made = await runFile(pack, inspectionPath, renderFeeds(portrait, source, second));
  return [
    ...rows, ...mapped,
    check(goldens, 'full256.occlusion', made['occlusion'], TOLERANCES.mask),
    check(goldens, 'full256.frame_1', made['frames'], TOLERANCES.fullFrames),
  ];
}

function renderFeeds(portrait: NamedTensors, source: Tensor, driving: Tensor): NamedTensors {
  return { feature: portrait['feature']!, compressed: portrait['compressed']!, source, driving };
}

/** Compares ExpNet, the PoseVAE with its smoothing, and the morphable-model net. */
export async function coefficientParity(goldens: Goldens, pack: ImportedPack, salt: string): Promise<ParityRow[]> {
  return [...await expressionParity(goldens, pack), ...await poseParity(goldens, pack), ...await faceParity(goldens, pack, salt)];
}

async function expressionParity(goldens: Goldens, pack: ImportedPack): Promise<ParityRow[]> {
  const mel = goldens.floats('audio2exp.mel');
  const frames = mel.dims[1]!;
  const { expression } = await runGraph(pack, { graph: 'expnet' }, {
    mel: { dims: [frames, ...MEL_WINDOW], data: mel.data },
    reference: firstColumns(goldens.floats('audio2exp.ref'), [0, 64]),
    ratio: { dims: [frames, 1], data: goldens.floats('audio2exp.ratio').data },
  });
  return [check(goldens, 'audio2exp.exp', expression, TOLERANCES.expression)];
}

/** Returns columns `from` to `to − 1` of a 1 × frames × columns tensor, as frames × (to − from). */
function firstColumns({ dims, data }: GoldenTensor, [from, to]: readonly [number, number]): Tensor {
  const [frames, columns] = [dims[1]!, dims[2]!];
  const kept = Array.from({ length: frames }, (_, frame) => [...data.subarray(frame * columns + from, frame * columns + to)]);
  return { dims: [frames, to - from], data: Float32Array.from(kept.flat()) };
}

async function poseParity(goldens: Goldens, pack: ImportedPack): Promise<ParityRow[]> {
  const mel = goldens.floats('audio2pose.mel');
  const frames = mel.dims[1]!;
  const reference = floats(firstColumns(goldens.floats('audio2pose.ref'), [64, 70])).slice(0, POSE_COLUMNS);
  const chunks = poseChunks(frames);
  const windows = chunks.flatMap((chunk) => chunk.windows);
  const style = goldens.integers('audio2pose.class')[0]! % POSE_STYLES;
  const made = await runGraph(pack, { graph: 'posevae' }, {
    mel: { dims: [windows.length, ...MEL_WINDOW], data: Float32Array.from(windows.flatMap((i) => [...mel.data.subarray(i * MEL_WINDOW_VALUES, (i + 1) * MEL_WINDOW_VALUES)])) },
    reference: { dims: [chunks.length, POSE_COLUMNS], data: Float32Array.from(chunks.flatMap(() => [...reference])) },
    latent: { dims: [chunks.length, 64], data: goldens.floats('audio2pose.z').data.slice(0, chunks.length * 64) },
    style: { dims: [chunks.length], data: BigInt64Array.from(chunks, () => BigInt(style)) },
  });
  const chunkValues = CHUNK_FRAMES * POSE_COLUMNS;
  const motion = floats(made['motion']);
  const motions = chunks.map((chunk, i) => ({ chunk, motion: motion.subarray(i * chunkValues, (i + 1) * chunkValues) }));
  const poses = assemblePoses(reference, frames, motions);
  const firstEmbedding = goldens.floats('audio2pose.audio_emb_first_chunk').data;
  return [
    compare('audio2pose.audio_emb_first_chunk', { actual: floats(made['embedding']).subarray(0, firstEmbedding.length), expected: firstEmbedding, tolerance: TOLERANCES.embedding }),
    compare('audio2pose.pose', { actual: poses, expected: goldens.floats('audio2pose.pose').data, tolerance: TOLERANCES.pose }),
    compare('audio2pose.pose_smoothed', { actual: smoothed(poses), expected: goldens.floats('audio2pose.pose_smoothed').data, tolerance: TOLERANCES.pose }),
  ];
}

/** Smooths poses as a film's are. */
function smoothed(poses: Float32Array): Float32Array {
  const track = new PoseTrack({ reference: new Float32Array(POSE_COLUMNS), start: 'fitted' });
  const rows = poses.length / POSE_COLUMNS;
  const all = new Float32Array(poses.length);
  let taken = 0;
  const take = (): void => {
    for (; taken < track.rows; taken++) {
      all.set(track.poses.subarray(track.offset(taken), track.offset(taken) + POSE_COLUMNS), taken * POSE_COLUMNS);
    }
  };
  for (let row = 0; row < rows; row++) {
    track.write(row, poses, { from: row * POSE_COLUMNS, share: 1 });
    track.settle(row + 1);
    take();
  }
  track.finish();
  take();
  return all;
}

async function faceParity(goldens: Goldens, pack: ImportedPack, salt: string): Promise<ParityRow[]> {
  const dims = [1, 3, 224, 224];
  const { coefficients } = await runGraph(pack, { graph: 'face3d' }, { image: { dims, data: recipeInput(salt, 'face224', { shape: dims, lowest: 0, highest: 1 }) } });
  return [check(goldens, 'face_3drecon.coeffs', coefficients, TOLERANCES.face3d)];
}

function check(goldens: Goldens, name: string, actual: Tensor | undefined, tolerance: Tolerance): ParityRow {
  return compare(name, { actual: floats(actual), expected: goldens.floats(name).data, tolerance });
}

function floats(tensor: Tensor | undefined): Float32Array {
  return tensor?.data instanceof Float32Array ? tensor.data : new Float32Array();
}

/** Returns the path of a scratch graph beside the pack's own. */
export function inspectionFile(folder: string): string {
  return join(folder, 'render-inspect.onnx');
}
