import type { Avatar } from '../avatars/avatar.ts';
import type { SharedMemory } from './wasm.ts';

/** Floats of one motion in shared memory: the expression, then yaw, pitch, roll, x and y of the pose. */
export const POSE_FLOATS = 5;

/** What the pool asks of a render thread. Drawings are numbered by the pool. */
export type RenderRequest =
  /** Opens a drawing when those asked for before are open; other drawings' frames are drawn meanwhile. */
  | {
    readonly kind: 'open';
    readonly drawing: number;
    readonly avatarId: string;
    /** Left out when the thread has it already. */
    readonly avatar: Avatar | undefined;
    readonly pictures: number;
  }
  /** Draws the motion in the picture's motion slot into the picture. */
  | { readonly kind: 'draw'; readonly drawing: number; readonly picture: number }
  /** Frees the drawing's memory, and the avatar's with its last drawing. */
  | { readonly kind: 'close'; readonly drawing: number };

/** What a render thread answers. */
export type RenderAnswer =
  | {
    readonly kind: 'opened';
    readonly drawing: number;
    readonly memory: SharedMemory;
    /** Byte offset of the first picture; the others follow without a gap. */
    readonly picturesAt: number;
    /** Byte offset of the first motion slot; the others follow without a gap. */
    readonly motionsAt: number;
  }
  | { readonly kind: 'drawn'; readonly drawing: number; readonly picture: number; readonly ms: number }
  | { readonly kind: 'failed'; readonly drawing: number; readonly picture: number | undefined; readonly message: string };
