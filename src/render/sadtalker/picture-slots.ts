import type { Picture } from '../../base/picture.ts';
import { lentPicture } from '../lent-picture.ts';
import { makeSlotMemory, slotViews, type SlotMemory, type SlotViews } from './slot-memory.ts';

/** The picture slots of one drawing. A slot is free, waits to be drawn, is under way, or its picture is with an owner. */
export class PictureSlots {
  readonly #free: number[];
  #memory: SlotMemory;
  #views: SlotViews;

  constructor(shape: Omit<SlotMemory, 'buffer'>) {
    this.#memory = makeSlotMemory(shape);
    this.#views = slotViews(this.#memory);
    this.#free = this.#views.pictures.map((_, slot) => slot);
  }

  /** What the thread that draws needs. */
  get memory(): SlotMemory {
    return this.#memory;
  }

  /** Takes the slot that has been free for longest, and returns it with its motion to be written; undefined when none is free. */
  take(): { readonly slot: number; readonly motion: Float32Array } | undefined {
    const slot = this.#free.shift();
    return slot === undefined ? undefined : { slot, motion: this.#views.motions[slot]! };
  }

  /** Hands a drawn picture to its owner. */
  handOut(slot: number, mediaUs: number): Picture {
    const { width, height } = this.#memory;
    return lentPicture({ width, height, data: this.#views.pictures[slot]!, mediaUs }, () => { this.giveBack(slot); });
  }

  /** Makes a slot free again. */
  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  /** Moves to new memory, motions and all: a thread that was given up may still write into the old one. Pictures that are out keep theirs. */
  renew(): void {
    const { motions } = this.#views;
    this.#memory = makeSlotMemory(this.#memory);
    this.#views = slotViews(this.#memory);
    this.#views.motions.forEach((motion, slot) => { motion.set(motions[slot]!); });
  }
}
