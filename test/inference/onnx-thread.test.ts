import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AvatarError, InvalidStateError } from '../../src/base/errors.ts';
import { OnnxThread } from '../../src/inference/onnx-thread.ts';

const faceDetector = fileURLToPath(new URL('../../models/face/blazeface.onnx', import.meta.url));
const picture = { dims: [1, 256, 256, 3], data: new Float32Array(256 * 256 * 3).fill(0.25) };
const isMissingModel = (error: unknown): boolean => error instanceof AvatarError && error.code === 'model_missing';

test('a model runs off the main thread and gives its named outputs', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  assert.equal(model.inputs.length, 1);
  const outputs = await model.run({ [model.inputs[0]!]: picture });
  assert.deepEqual(Object.keys(outputs).sort(), [...model.outputs].sort());
  for (const { dims, data } of Object.values(outputs)) {
    assert.equal(dims.reduce((product, dim) => product * dim, 1), data.length);
  }
});

test('a run hands back the wanted outputs alone, and refuses those that are not there', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  const feeds = { [model.inputs[0]!]: picture };
  const wanted = model.outputs[1]!;
  assert.deepEqual(await model.run(feeds, { outputs: [wanted] }), { [wanted]: (await model.run(feeds))[wanted] });
  await assert.rejects(model.run(feeds, { outputs: ['other'] }), /wanted: other/);
  await assert.rejects(model.run(feeds, { outputs: [] }), TypeError);
});

test('the feeds stay usable and the same input gives the same output', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  const [first, second] = await Promise.all([model.run({ [model.inputs[0]!]: picture }), model.run({ [model.inputs[0]!]: picture })]);
  assert.deepEqual(first, second);
  assert.equal(picture.data.length, 256 * 256 * 3);
});

test('missing, unknown and misshapen inputs are wrong arguments that name the input', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  const name = model.inputs[0]!;
  await assert.rejects(model.run({}), (error: unknown) => error instanceof TypeError && error.message.includes(name));
  await assert.rejects(model.run({ [name]: picture, other: picture }), TypeError);
  await assert.rejects(model.run({ [name]: { dims: [1, 2], data: new Float32Array(3) } }), /3 values for the shape 1 × 2/);
});

test('a model that ONNX Runtime refuses to run leaves the thread usable', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  const name = model.inputs[0]!;
  await assert.rejects(model.run({ [name]: { dims: [1, 2, 2, 3], data: new Float32Array(12) } }));
  assert.ok((await model.run({ [name]: picture })) instanceof Object);
});

test('a file that is missing or no model is reported as a missing model', async () => {
  await using thread = new OnnxThread();
  await assert.rejects(thread.load('/nowhere/model.onnx'), isMissingModel);
  await assert.rejects(thread.load(fileURLToPath(import.meta.url)), (error) => isMissingModel(error)
    && /cannot be loaded: .*protobuf.*[^.]\. Restore the folder models\/, or import the checkpoints again\.$/i.test((error as Error).message));
});

test('closing twice gives one promise, and calls under way or later are rejected', async () => {
  const thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  assert.equal(thread.failure, undefined);
  const running = assert.rejects(model.run({ [model.inputs[0]!]: picture }), InvalidStateError);
  const closing = thread.close();
  assert.equal(thread.close(), closing);
  await closing;
  await running;
  await assert.rejects(thread.load(faceDetector), InvalidStateError);
  assert.match(String(thread.failure), /InvalidStateError.*closed/);
  await model.close();
});

test('a released model can no longer run', async () => {
  await using thread = new OnnxThread();
  const model = await thread.load(faceDetector);
  const closing = model.close();
  assert.equal(model.close(), closing);
  await closing;
  await assert.rejects(model.run({ [model.inputs[0]!]: picture }));
});

test('a thread that gives no answer in time is stopped, and its calls are rejected', async () => {
  await using thread = new OnnxThread({ patienceMs: 4 });
  const model = await thread.load(faceDetector);
  const name = model.inputs[0]!;
  // Far more work than fits the patience; the watch itself keeps no process alive.
  const keepAlive = setTimeout(() => undefined, 10_000);
  const runs = await Promise.allSettled(Array.from({ length: 20 }, () => model.run({ [name]: picture })));
  clearTimeout(keepAlive);
  const last = runs.at(-1);
  assert.ok(last?.status === 'rejected' && last.reason instanceof InvalidStateError && last.reason.message.includes('no answer for 4 ms'), JSON.stringify(last));
  assert.equal(thread.failure, last.reason);
});
