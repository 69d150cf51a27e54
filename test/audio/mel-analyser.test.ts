import { test } from 'node:test';
import { melFilterbank } from '../../src/audio/mel-analyser.ts';
import { assertCloseTo } from './close-to.ts';
import { readTensors } from './safetensors-file.ts';

test('the filterbank equals the reference', () => {
  const golden = readTensors('mel-goldens.safetensors.gz').get('mel.filterbank');
  assertCloseTo(melFilterbank(), golden?.data ?? [], 1e-8);
});
