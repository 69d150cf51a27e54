import type { NeuralPortrait } from '../../avatars/sadtalker/neural-portrait.ts';
import { FacePaster } from './face-paster.ts';
import type { PictureKind, SlotFrame } from './neural-messages.ts';
import type { NeuralFrame, NeuralNetworks, PortraitFeatures } from './neural-networks.ts';
import { PasteKernel } from './paste-kernel.ts';
import { PortraitShelf } from './portrait-shelf.ts';
import { portraitView } from './portrait-view.ts';
import { slotViews, type SlotMemory, type SlotViews } from './slot-memory.ts';

/** A portrait ready to draw. */
interface PaintedPortrait {
  readonly features: PortraitFeatures;
  readonly base: Uint8Array;
  readonly paster: FacePaster;
}

interface OpenDrawing {
  readonly portraitId: string;
  readonly portrait: PaintedPortrait;
  readonly views: SlotViews;
}

/** A drawing to open: its portrait, and the memory that its pictures lie in. */
export interface DrawingOrder {
  readonly drawing: number;
  readonly portrait: NeuralPortrait;
  readonly memory: SlotMemory;
}

/** Draws batches of frames into the pictures of their drawings, on the thread that calls it. */
export class FacePainter {
  readonly networks: NeuralNetworks;
  readonly #kernel: PasteKernel;
  readonly #shelf: PortraitShelf<PaintedPortrait>;
  readonly #drawings = new Map<number, OpenDrawing>();

  private constructor(networks: NeuralNetworks, kernel: PasteKernel, shows: PictureKind) {
    this.networks = networks;
    this.#kernel = kernel;
    this.#shelf = new PortraitShelf((portrait) => this.#prepare(portrait, shows));
  }

  /** Makes a painter with nothing to draw yet. */
  static async load(networks: NeuralNetworks, shows: PictureKind): Promise<FacePainter> {
    return new FacePainter(networks, await PasteKernel.load(networks.sizePx), shows);
  }

  /** Opens a drawing; every picture starts as the photo. */
  async open({ drawing, portrait, memory }: DrawingOrder): Promise<void> {
    const painted = await this.#shelf.take(portrait);
    const views = slotViews(memory);
    // Frames only write the face: around it each picture is the photo for good.
    views.pictures.forEach((picture) => { picture.set(painted.base); });
    this.#drawings.set(drawing, { portraitId: portrait.id, portrait: painted, views });
  }

  /** Draws the motions in the slots into the pictures of the slots. */
  async draw(frames: readonly SlotFrame[]): Promise<void> {
    const batch = frames.map(({ drawing, slot }) => this.#frameOf(drawing, slot)).sort((a, b) => a.portrait.number - b.portrait.number);
    const faceBytes = 3 * this.networks.sizePx ** 2;
    const faces = await this.networks.draw(batch);
    for (const [at, { painted, picture }] of batch.entries()) {
      painted.paster.paste(faces.subarray(at * faceBytes, (at + 1) * faceBytes), picture);
    }
  }

  /** Lets go of a drawing, also of one that failed to open. */
  close(drawing: number): void {
    const found = this.#drawings.get(drawing);
    if (found !== undefined) {
      this.#drawings.delete(drawing);
      this.#shelf.release(found.portraitId);
    }
  }

  async #prepare(portrait: NeuralPortrait, shows: PictureKind): Promise<PaintedPortrait> {
    const { base, ...place } = portraitView(portrait, shows, this.networks.sizePx);
    return { features: await this.networks.prepare(portrait.face, portrait.coefficients), base, paster: new FacePaster(this.#kernel, place, base) };
  }

  #frameOf(drawing: number, slot: number): NeuralFrame & { painted: PaintedPortrait; picture: Uint8Array } {
    const found = this.#drawings.get(drawing);
    const motion = found?.views.motions[slot];
    const picture = found?.views.pictures[slot];
    if (found === undefined || motion === undefined || picture === undefined) {
      throw new TypeError(`The neural thread does not hold slot ${slot} of the drawing ${drawing}.`);
    }
    return { portrait: found.portrait.features, motion, painted: found.portrait, picture };
  }
}
