import { AvatarError } from '../base/errors.ts';
import type { FacePack, PackName } from './face-pack.ts';

/** Counts the faces of each pack, so that none is asked for more than it can draw. */
export class PackSeats {
  readonly #taken = new Map<PackName, number>();

  /**
   * Takes a seat; the returned function gives it back, once.
   * @throws AvatarError `overloaded` when the pack has none left.
   */
  take(pack: Pick<FacePack, 'name' | 'seats'>): () => void {
    const taken = this.#taken.get(pack.name) ?? 0;
    if (taken >= pack.seats) {
      throw new AvatarError('overloaded', `${pack.seats} faces at once are all that the pack ${pack.name} can draw on this device. Try again after Retry-After seconds.`);
    }
    this.#taken.set(pack.name, taken + 1);
    let held = true;
    return () => {
      if (held) {
        held = false;
        this.#taken.set(pack.name, (this.#taken.get(pack.name) ?? 1) - 1);
      }
    };
  }
}
