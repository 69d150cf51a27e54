/** Widths of the networks; every layer's shape follows from them. */
export interface NetworkWidths {
  /** Keypoints of the face. */
  readonly keypoints: number;
  /** Keypoint detector: first and largest number of channels, and channels of the volume its 1×1 convolution gives. */
  readonly detector: { readonly block: number; readonly max: number; readonly volume: number };
  /** Appearance volume: first and largest number of channels, and channels of the volume. */
  readonly appearance: { readonly block: number; readonly max: number; readonly volume: number; readonly residualBlocks: number };
  /** Depth of the appearance volume and of the motion networks. */
  readonly depth: number;
  /** Depth of the keypoint detector's volume. */
  readonly detectorDepth: number;
  /** Motion hourglass: first and largest number of channels, and channels of the compressed volume. */
  readonly motion: { readonly block: number; readonly max: number; readonly compressed: number };
  /** Decoder: channels of its input, of its output map and inside each modulation. */
  readonly decoder: { readonly input: number; readonly output: number; readonly hidden: number };
  /** Mapping net: channels of the descriptor. */
  readonly descriptor: number;
}

/** Widths of the official checkpoints, the same for 256 and 512 pixels. */
export const OFFICIAL_WIDTHS: NetworkWidths = Object.freeze({
  keypoints: 15,
  detector: { block: 32, max: 1024, volume: 1024 },
  appearance: { block: 64, max: 512, volume: 32, residualBlocks: 6 },
  depth: 16,
  detectorDepth: 16,
  motion: { block: 32, max: 1024, compressed: 4 },
  decoder: { input: 256, output: 64, hidden: 128 },
  descriptor: 1024,
});

/** Halvings of the keypoint detector and of the motion hourglass. */
export const HALVINGS = 5;

/** Bins of each head angle. */
export const ANGLE_BINS = 66;

/** Returns the channels of level `level` of a network that doubles them up to a maximum. */
export function channelsAt({ block, max }: { readonly block: number; readonly max: number }, level: number): number {
  return Math.min(max, block * 2 ** level);
}

/** Returns the motions the dense motion network chooses between: one per keypoint, and none. */
export function motionCount(widths: NetworkWidths): number {
  return widths.keypoints + 1;
}
