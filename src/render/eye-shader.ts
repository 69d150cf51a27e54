import { Eyelids, eyeSource, type EyeState } from './eyelids.ts';
import type { EyeShape } from './eye-shape.ts';
import { toFace, toPicture, type FaceFrame } from './face-frame.ts';
import { sourceOf, type LayerSampler, type NodeOffsets, type PatchShader } from './pixel-patch.ts';

/** Draws one eye's lids and gaze over the warped picture. */
export class EyeShader implements PatchShader {
  readonly #lids: Eyelids;
  readonly #frame: FaceFrame;
  readonly #sampler: LayerSampler;
  readonly #state: EyeState = { blink: NaN, gazeX: NaN, gazeY: NaN };
  readonly #place = new Float64Array(2);
  readonly #lid = new Float64Array(4);
  readonly #at = new Float64Array(2);
  readonly #source = eyeSource();
  #nodes: NodeOffsets | undefined;

  constructor(eye: EyeShape, frame: FaceFrame, sampler: LayerSampler) {
    this.#lids = new Eyelids(eye);
    this.#frame = frame;
    this.#sampler = sampler;
  }

  /** Sets what the next patch shows; `nodes` are the picture's offsets. */
  begin(state: EyeState, nodes: NodeOffsets): void {
    this.#state.blink = state.blink;
    this.#state.gazeX = state.gazeX;
    this.#state.gazeY = state.gazeY;
    this.#nodes = nodes;
  }

  shade(xPx: number, yPx: number, out: Float64Array): boolean {
    const place = this.#place;
    const source = this.#source;
    if (this.#nodes === undefined) {
      return false;
    }
    sourceOf(this.#nodes, xPx, yPx, place);
    toFace(this.#frame, place, this.#at);
    this.#lids.trace(this.#state, this.#at, source);
    if (source.changed) {
      toPicture(this.#frame, source.under, place);
    }
    this.#sampler.foreground(place, out);
    if (source.lidShare > 0) {
      this.#cover(out);
    }
    this.#sampler.over(xPx, yPx, out);
    return source.changed;
  }

  #cover(out: Float64Array): void {
    const source = this.#source;
    const lid = this.#lid;
    toPicture(this.#frame, source.lid, this.#place);
    this.#sampler.foreground(this.#place, lid);
    for (let channel = 0; channel < 4; channel += 1) {
      out[channel]! += (lid[channel]! - out[channel]!) * source.lidShare;
    }
  }
}
