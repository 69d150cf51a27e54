import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OnnxSession } from '../../src/inference/onnx-session.ts';

const faceDetector = fileURLToPath(new URL('../../models/face/blazeface.onnx', import.meta.url));

test('a session tells its ports and gives the wanted outputs', async () => {
  const session = await OnnxSession.load(faceDetector, { device: 'cpu', intraOpThreads: 1 });
  assert.deepEqual(session.inputs, [{ name: 'image', dims: [1, 256, 256, 3] }]);
  const wanted = session.outputs[0]!;
  const made = await session.run({ image: { dims: [1, 256, 256, 3], data: new Float32Array(256 * 256 * 3).fill(0.5) } }, [wanted.name]);
  assert.deepEqual(Object.keys(made), [wanted.name]);
  assert.deepEqual(made[wanted.name]?.dims, wanted.dims);
  await session.release();
});

test('what is no model is refused with what the runtime says', async () => {
  await assert.rejects(OnnxSession.load(fileURLToPath(import.meta.url), { device: 'cpu', intraOpThreads: 1 }), Error);
});
