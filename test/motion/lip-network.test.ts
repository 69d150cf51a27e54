import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { FACE_COEFFICIENTS } from '../../src/base/motion-frame.ts';
import { freshMemory, LipNetwork, VISEME_CLASSES, VISEME_STEPS } from '../../src/motion/lip-network.ts';
import { SpeechLevel } from '../../src/motion/speech-level.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { joined, melWindows, noise, silence, vowel } from './sound.ts';

const network = await LipNetwork.open(MODELS_FOLDER);
after(() => network.close());

test('the model file is at most 2 MB', async () => {
  assert.ok((await stat(join(MODELS_FOLDER, 'lips', 'lips.onnx'))).size <= 2_000_000);
});

test('an answer is a mouth of the built-in face and probabilities that add up to 1 in each 10 ms', async () => {
  const memory = freshMemory(new Float32Array(FACE_COEFFICIENTS.length));
  const level = new SpeechLevel();
  for (const window of melWindows(joined(silence(0.2), vowel(0.4, 750, 1200)))) {
    level.update(window);
    const { mouth, visemes } = await network.run(window, level, memory);
    assert.equal(mouth.length, FACE_COEFFICIENTS.length);
    assert.ok(mouth.every((value, i) => value >= 0 && value <= (i === 0 ? 14.5 : 1)), mouth.join(', '));
    for (let step = 0; step < VISEME_STEPS; step++) {
      const row = visemes.subarray(step * VISEME_CLASSES.length, (step + 1) * VISEME_CLASSES.length);
      assert.ok(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-4);
    }
  }
});

test('two speakers share the network without hearing each other', async () => {
  const [voice, other] = [melWindows(joined(silence(0.2), vowel(0.4, 750, 1200))), melWindows(noise(0.6, -30))];
  const mouths = async (disturbed: boolean): Promise<Float32Array[]> => {
    const memory = freshMemory(new Float32Array(FACE_COEFFICIENTS.length));
    const otherMemory = freshMemory(new Float32Array(FACE_COEFFICIENTS.length));
    const [level, otherLevel] = [new SpeechLevel(), new SpeechLevel()];
    const all: Float32Array[] = [];
    for (const [index, window] of voice.entries()) {
      level.update(window);
      const otherWindow = other[index];
      const running = network.run(window, level, memory);
      if (disturbed && otherWindow !== undefined) {
        otherLevel.update(otherWindow);
        await network.run(otherWindow, otherLevel, otherMemory);
      }
      all.push((await running).mouth);
    }
    return all;
  };
  assert.deepEqual(await mouths(true), await mouths(false));
});

test('a folder without the model is refused with model_missing', async () => {
  await assert.rejects(LipNetwork.open('/nowhere'), (error: unknown) => error instanceof AvatarError && error.code === 'model_missing');
});
