import { FACE_COEFFICIENTS, type MotionFrame } from '../base/motion-frame.ts';
import { pictureBytes, type Picture } from '../base/picture.ts';
import { lentPicture } from './lent-picture.ts';
import { POSE_FLOATS } from './render-messages.ts';

const MOTION_FLOATS = FACE_COEFFICIENTS.length + POSE_FLOATS;

/** Where a drawing's pictures and motions lie. */
export interface RingPlace {
  readonly buffer: SharedArrayBuffer;
  readonly picturesAt: number;
  readonly motionsAt: number;
  readonly pictures: number;
  readonly width: number;
  readonly height: number;
}

/** The picture buffers of one drawing on one thread, each with its motion slot. A picture is free, under way or with its owner. */
export class PictureRing {
  readonly #place: RingPlace;
  readonly #free: number[];
  readonly #motions: Float32Array;
  readonly #views: readonly Uint8Array[];
  #onIdle: (() => void) | undefined;

  constructor(place: RingPlace) {
    const bytes = pictureBytes(place.width, place.height);
    this.#place = place;
    this.#free = Array.from({ length: place.pictures }, (_, index) => index);
    this.#motions = new Float32Array(place.buffer, place.motionsAt, place.pictures * MOTION_FLOATS);
    this.#views = this.#free.map((index) => new Uint8Array(place.buffer, place.picturesAt + index * bytes, bytes));
  }

  /** Takes the picture that has been free for longest and writes the motion into its slot; undefined when none is free. */
  take(motion: MotionFrame): number | undefined {
    const picture = this.#free.shift();
    if (picture !== undefined) {
      const { pose } = motion;
      const at = picture * MOTION_FLOATS;
      this.#motions.set(motion.expression, at);
      const poseAt = at + FACE_COEFFICIENTS.length;
      this.#motions[poseAt] = pose.yawDeg;
      this.#motions[poseAt + 1] = pose.pitchDeg;
      this.#motions[poseAt + 2] = pose.rollDeg;
      this.#motions[poseAt + 3] = pose.xMm;
      this.#motions[poseAt + 4] = pose.yMm;
    }
    return picture;
  }

  /** Hands a drawn picture to its owner. */
  handOut(picture: number, mediaUs: number): Picture {
    const { width, height } = this.#place;
    return lentPicture({ width, height, data: this.#views[picture]!, mediaUs }, () => { this.giveBack(picture); });
  }

  /** Makes a picture free again. */
  giveBack(picture: number): void {
    this.#free.push(picture);
    this.#tellIdle();
  }

  /** Calls back once, as soon as no picture is under way or with an owner. */
  whenIdle(onIdle: () => void): void {
    this.#onIdle = onIdle;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#free.length === this.#place.pictures) {
      const onIdle = this.#onIdle;
      this.#onIdle = undefined;
      onIdle?.();
    }
  }
}
