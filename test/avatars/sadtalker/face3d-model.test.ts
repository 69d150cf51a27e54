import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Face3dModel } from '../../../src/avatars/sadtalker/face3d-model.ts';
import { OnnxModel } from '../../../src/inference/onnx-model.ts';

const tensor = { values: new Float32Array(3 * 224 * 224), alignment: { scale: 1.25, x: 128.5, y: 111 } };

function modelGiving(data: Float32Array): OnnxModel {
  return new OnnxModel({
    path: 'face3d.onnx', inputs: ['image'], outputs: ['coefficients'],
    run: () => Promise.resolve({ coefficients: { dims: [1, data.length], data } }), release: () => Promise.resolve(),
  });
}

it('takes expression, angles and translation from the coefficients and adds the alignment', async () => {
  const row = await new Face3dModel(modelGiving(Float32Array.from({ length: 257 }, (_, i) => i))).fit(tensor);
  assert.deepEqual([...row], [...Array.from({ length: 64 }, (_, i) => 80 + i), 224, 225, 226, 254, 255, 256, 1.25, 128.5, 111]);
});

it('refuses a network that gives something else', async () => {
  await assert.rejects(new Face3dModel(modelGiving(new Float32Array(64))).fit(tensor), TypeError);
});
