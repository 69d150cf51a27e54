import assert from 'node:assert/strict';
import { test } from 'node:test';
import { melSpectrogram } from './mel-spectrogram.ts';
import { assertCloseTo } from './close-to.ts';
import { readTensors } from './safetensors-file.ts';
import { readWav } from './wav-file.ts';

test('the mel spectrogram of a whole clip equals the reference', () => {
  const golden = readTensors('mel-goldens.safetensors.gz').get('mel.whole');
  const mel = melSpectrogram(readWav('tone.wav').subarray(0, 32_000));
  assert.deepEqual([mel.frames, 80], golden?.shape);
  assertCloseTo(mel.values, golden?.data ?? [], 1e-6);
});

test('silence is −4 in every band', () => {
  const mel = melSpectrogram(new Float32Array(1600));
  assert.equal(mel.frames, 9);
  assert.ok(mel.values.every((value) => value === -4));
});
