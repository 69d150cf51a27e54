import { EXPRESSION_COLUMNS, PORTRAIT_COLUMNS } from '../../base/coefficient-layout.ts';
import type { OnnxModel } from '../../inference/onnx-model.ts';
import { ALIGNED_PX } from './face-alignment.ts';
import type { FaceTensor } from './face-tensor.ts';

/** Coefficients of the network: identity 80, expression 64, texture 80, angles 3, lighting 27, translation 3. */
const NET_COEFFICIENTS = 257;
const NET_EXPRESSION = 80;
const NET_ANGLES = 224;
const NET_TRANSLATION = 254;

/** The network that fits the morphable model to a face (Deep3DFaceRecon); input `image` N × 3 × 224 × 224, output `coefficients` N × 257. */
export class Face3dModel {
  readonly #model: OnnxModel;

  /** Takes the model; who loaded it closes it. */
  constructor(model: OnnxModel) {
    this.#model = model;
  }

  /** Returns a face's row: expression 64 | angles 3, translation 3 | scale, x and y of its alignment. */
  async fit({ values, alignment }: FaceTensor): Promise<Float32Array> {
    const outputs = await this.#model.run({ image: { dims: [1, 3, ALIGNED_PX, ALIGNED_PX], data: values } });
    const found = outputs['coefficients']?.data;
    if (!(found instanceof Float32Array) || found.length !== NET_COEFFICIENTS) {
      throw new TypeError(`${this.#model.path} gives no output coefficients of 1 × ${NET_COEFFICIENTS}.`);
    }
    const row = new Float32Array(PORTRAIT_COLUMNS);
    row.set(found.subarray(NET_EXPRESSION, NET_EXPRESSION + EXPRESSION_COLUMNS));
    row.set(found.subarray(NET_ANGLES, NET_ANGLES + 3), EXPRESSION_COLUMNS);
    row.set(found.subarray(NET_TRANSLATION, NET_TRANSLATION + 3), EXPRESSION_COLUMNS + 3);
    row.set([alignment.scale, alignment.x, alignment.y], EXPRESSION_COLUMNS + 6);
    return row;
  }
}
