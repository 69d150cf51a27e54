import type { Picture } from '../base/picture.ts';

/** Makes a picture whose first release gives its buffer back; later ones do nothing. */
export function lentPicture({ width, height, data, mediaUs }: Omit<Picture, 'release'>, giveBack: () => void): Picture {
  let released = false;
  return {
    width, height, data, mediaUs,
    release: () => {
      if (!released) {
        released = true;
        giveBack();
      }
    },
  };
}
