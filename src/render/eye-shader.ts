import { eyeSource, type EyeSource, type EyeState } from './eyelids.ts';
import type { EyeShape } from './eye-shape.ts';
import { uOf, vOf, xOf, yOf, type FaceFrame } from './face-frame.ts';
import { sourceOf, type LayerSampler, type NodeOffsets, type PatchShader } from './pixel-patch.ts';

/** Draws one eye's lids and gaze over the warped picture. */
export class EyeShader implements PatchShader {
  readonly #eye: EyeShape;
  readonly #frame: FaceFrame;
  readonly #sampler: LayerSampler;
  readonly #state: EyeState = { blink: 0, gazeX: 0, gazeY: 0 };
  readonly #place = new Float64Array(2);
  readonly #lid = new Float64Array(4);
  readonly #at = { u: 0, v: 0 };
  readonly #source: EyeSource = { underU: 0, underV: 0, lidV: 0, lidShare: 0, changed: false };
  #nodes: NodeOffsets | undefined;

  constructor(eye: EyeShape, frame: FaceFrame, sampler: LayerSampler) {
    this.#eye = eye;
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
    const frame = this.#frame;
    const place = this.#place;
    const source = this.#source;
    if (this.#nodes === undefined) {
      return false;
    }
    sourceOf(this.#nodes, xPx, yPx, place);
    const [x, y] = [place[0]!, place[1]!];
    this.#at.u = uOf(frame, x, y);
    this.#at.v = vOf(frame, x, y);
    eyeSource(this.#eye, this.#state, this.#at, source);
    if (!source.changed) {
      this.#sampler.foreground(x, y, out);
    } else {
      this.#sampler.foreground(xOf(frame, source.underU, source.underV), yOf(frame, source.underU, source.underV), out);
      if (source.lidShare > 0) {
        this.#cover(source, out);
      }
    }
    this.#sampler.over(xPx, yPx, out);
    return source.changed;
  }

  #cover(source: EyeSource, out: Float64Array): void {
    const { u } = this.#at;
    this.#sampler.foreground(xOf(this.#frame, u, source.lidV), yOf(this.#frame, u, source.lidV), this.#lid);
    for (let channel = 0; channel < 4; channel += 1) {
      out[channel]! += (this.#lid[channel]! - out[channel]!) * source.lidShare;
    }
  }
}
