import type { AvatarLayers } from '../avatar-photo.ts';
import type { RgbImage } from '../rgb-image.ts';
import type { FaceTensor } from './face-tensor.ts';
import type { Point } from './landmarks.ts';
import type { NeuralPortrait, PreprocessMode } from './neural-portrait.ts';

/** An avatar to cut for the networks. */
export interface PortraitOrder {
  readonly layers: AvatarLayers;
  /** 68 points in the avatar's pixels. */
  readonly landmarks: readonly Point[];
  readonly mode: PreprocessMode;
  /** Side of the face's square, in pixels. */
  readonly sizePx: number;
}

/** An avatar cut for the networks, and its face for the morphable model's. */
export interface CutAvatar extends Pick<NeuralPortrait, 'photo' | 'face' | 'box'> {
  readonly tensor: FaceTensor;
}

/** A face's picture of any shape, to be squeezed to a square of `sizePx` and aligned. */
export interface FaceOrder {
  readonly picture: RgbImage;
  /** 68 points in the picture's pixels. */
  readonly landmarks: readonly Point[];
  readonly sizePx: number;
}

/** What the owner asks of a cutting thread. */
export type CuttingRequest =
  | { readonly kind: 'portrait'; readonly call: number; readonly order: PortraitOrder }
  | { readonly kind: 'face'; readonly call: number; readonly order: FaceOrder };

/** What a cutting thread answers, unless a call fails. */
export type CuttingAnswer =
  | { readonly kind: 'portrait'; readonly call: number; readonly cut: CutAvatar }
  | { readonly kind: 'face'; readonly call: number; readonly tensor: FaceTensor };
