import type { GraphBuilder, Value } from '../graph-builder.ts';
import { averagePool, convolution, divide, matrixProduct, relu, reshape, single, softmax, transpose } from '../graph-layers.ts';
import { foldNorm } from '../layer-folding.ts';
import { elementCount, filled } from '../lazy-tensor.ts';
import { HALVINGS, type NetworkWidths, channelsAt } from '../network-widths.ts';
import { depthFirst, volumeConvolution } from '../volume-layers.ts';
import type { WeightScope } from '../weight-scope.ts';

/** Softmax temperature of the keypoint heat maps. */
const TEMPERATURE = 0.1;

/** Side of the smoothing kernel that comes before every fourth pixel is taken. */
const SMOOTHING_KERNEL = 13;

/** The image is looked at at a quarter of its size. */
const REDUCTION = 4;

/** Adds the keypoint detector: 1 × 3 × size × size RGB in 0..1 → 1 × keypoints × 3 (x, y, z in −1..1), float32. */
export function keypointDetector(g: GraphBuilder, scope: WeightScope, { widths, size }: { widths: NetworkWidths; size: number }, image: Value): Value {
  const { detector, detectorDepth: depth, keypoints } = widths;
  let side = size / REDUCTION;
  const smoothing = { weight: scope.tensor('down.weight', [3, 1, SMOOTHING_KERNEL, SMOOTHING_KERNEL]) };
  let x = convolution(g, image, smoothing, { stride: REDUCTION, pad: SMOOTHING_KERNEL >> 1, groups: 3 });
  let channels = 3;
  for (let level = 0; level < HALVINGS; level++) {
    const block = scope.at(`predictor.down_blocks.down${level}`);
    const wider = channelsAt(detector, level + 1);
    x = averagePool(g, relu(g, convolution(g, x, foldNorm(block.layer('conv', [wider, channels, 3, 3]), block.norm('norm', wider)), { pad: 1 })));
    channels = wider;
    side /= 2;
  }
  x = convolution(g, x, depthFirst(scope.layer('predictor.conv', [detector.volume * depth, channels, 1, 1]), depth));
  channels = detector.volume;
  x = reshape(g, x, [depth, channels, side, side]);
  for (let level = 0; level < HALVINGS; level++) {
    const block = scope.at(`predictor.up_blocks.up${level}`);
    const narrower = channelsAt(detector, HALVINGS - 1 - level);
    const layer = foldNorm(block.layer('conv', [narrower, channels, 3, 3, 3]), block.norm('norm', narrower));
    x = relu(g, volumeConvolution(g, x, layer, { depth, channels, height: side, width: side, enlarged: 2 }));
    side *= 2;
    channels = narrower;
  }
  const heat = volumeConvolution(g, x, scope.layer('kp', [keypoints, channels, 3, 3, 3]), { depth, channels, height: side, width: side });
  return expectedPosition(g, heat, [keypoints, depth, side, side]);
}

/** Adds the mean position under softmax(heat / 0.1) over each keypoint's voxels. */
function expectedPosition(g: GraphBuilder, heat: Value, [keypoints, depth, height, width]: [number, number, number, number]): Value {
  const voxels = depth * height * width;
  const maps = reshape(g, transpose(g, single(g, heat), [1, 0, 2, 3]), [1, keypoints, voxels]);
  const positions = g.constant(filled([voxels, 3], (values) => { fillPositions(values, [depth, height, width]); }), 'float32');
  return matrixProduct(g, softmax(g, divide(g, maps, TEMPERATURE), -1), positions);
}

/** Writes x, y, z of every voxel, each axis running from −1 at its first index to 1 at its last. */
function fillPositions(values: Float32Array, [depth, height, width]: [number, number, number]): void {
  const coordinate = (index: number, length: number): number => (2 * index) / (length - 1) - 1;
  for (let voxel = 0; voxel < elementCount([depth, height, width]); voxel++) {
    const plane = Math.floor(voxel / width);
    values[3 * voxel] = coordinate(voxel % width, width);
    values[3 * voxel + 1] = coordinate(plane % height, height);
    values[3 * voxel + 2] = coordinate(Math.floor(plane / height), depth);
  }
}
