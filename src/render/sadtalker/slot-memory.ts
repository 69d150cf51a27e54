import { pictureBytes } from '../../base/picture.ts';

/** Floats of a view: yaw, pitch and roll in degrees, not-a-number where the networks decide. */
export const VIEW_FLOATS = 3;

/** Memory that a drawing and its thread share: a motion and a picture for each slot. */
export interface SlotMemory {
  readonly buffer: SharedArrayBuffer;
  readonly slots: number;
  /** Floats of one motion: the window of coefficients, then the view. */
  readonly motionFloats: number;
  readonly width: number;
  readonly height: number;
}

/** Views of what lies in each slot. */
export interface SlotViews {
  readonly motions: readonly Float32Array[];
  /** I420. */
  readonly pictures: readonly Uint8Array[];
}

/** Makes memory for so many slots. */
export function makeSlotMemory(shape: Omit<SlotMemory, 'buffer'>): SlotMemory {
  const { slots, motionFloats, width, height } = shape;
  return { ...shape, buffer: new SharedArrayBuffer(slots * (motionFloats * 4 + pictureBytes(width, height))) };
}

/** Returns views of a memory: the motions of all slots lie first, then the pictures. */
export function slotViews({ buffer, slots, motionFloats, width, height }: SlotMemory): SlotViews {
  const bytes = pictureBytes(width, height);
  const indices = Array.from({ length: slots }, (_, slot) => slot);
  return {
    motions: indices.map((slot) => new Float32Array(buffer, slot * motionFloats * 4, motionFloats)),
    pictures: indices.map((slot) => new Uint8Array(buffer, slots * motionFloats * 4 + slot * bytes, bytes)),
  };
}
