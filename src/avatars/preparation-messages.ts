import type { DetectedFace } from './face-detector.ts';
import type { AnalysedPortrait } from './portrait-analysis.ts';
import type { PortraitPiece } from './portrait-image.ts';
import type { RgbImage } from './rgb-image.ts';

/** What the owner asks of a preparation thread. */
export type PreparationRequest =
  | { readonly kind: 'findFaces'; readonly call: number; readonly image: RgbImage }
  | { readonly kind: 'findMesh'; readonly call: number; readonly image: RgbImage }
  | { readonly kind: 'analyse'; readonly call: number; readonly piece: PortraitPiece; readonly face: DetectedFace };

/** What a preparation thread answers, unless a call fails. */
export type PreparationAnswer =
  | { readonly kind: 'faces'; readonly call: number; readonly faces: readonly DetectedFace[] }
  | { readonly kind: 'mesh'; readonly call: number; readonly points: Float32Array | undefined }
  | { readonly kind: 'analysed'; readonly call: number; readonly portrait: AnalysedPortrait };
