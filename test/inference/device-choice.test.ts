import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOnDevice } from '../../src/inference/device-choice.ts';

const noCuda = (device: string): Promise<string> => (device === 'cuda' ? Promise.reject(new Error('no driver')) : Promise.resolve(`on ${device}`));

test('CUDA is taken where it runs, else the processor, and the reason is told', async () => {
  assert.deepEqual(await loadOnDevice('auto', (device) => Promise.resolve(device)), { loaded: 'cuda', device: 'cuda', reason: 'cuda is the first choice, and runs' });
  assert.deepEqual(await loadOnDevice('auto', noCuda), { loaded: 'on cpu', device: 'cpu', reason: 'cuda does not run here: no driver' });
});

test('a device that is asked for is the only one tried', async () => {
  assert.deepEqual(await loadOnDevice('cpu', noCuda), { loaded: 'on cpu', device: 'cpu', reason: 'cpu was asked for' });
  await assert.rejects(loadOnDevice('cuda', noCuda), /no driver/);
});

test('where no device takes it, the last one says why', async () => {
  await assert.rejects(loadOnDevice('auto', (device) => Promise.reject(new Error(`not on ${device}`))), /not on cpu/);
});
