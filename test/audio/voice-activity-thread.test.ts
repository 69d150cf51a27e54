import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VoiceActivityThread } from '../../src/audio/voice-activity-thread.ts';
import { readWav } from './wav-file.ts';

const NETWORK = fileURLToPath(new URL('../../models/vad/silero-vad-v6.onnx', import.meta.url));

test('windows heard in one go give what they give one by one', async () => {
  await using thread = await VoiceActivityThread.load(NETWORK);
  const sound = readWav('cards_005.wav').subarray(3000, 3000 + 64 + 8 * 512);
  const together = await thread.hear({ sound: sound.slice(), windows: 8, state: new Float32Array(256) });
  const alone: number[] = [];
  let state = new Float32Array(256);
  for (let window = 0; window < 8; window++) {
    const heard = await thread.hear({ sound: sound.slice(window * 512, window * 512 + 576), windows: 1, state });
    alone.push(...heard.probabilities);
    state = Float32Array.from(heard.state);
  }
  assert.equal(together.probabilities.length, 8);
  assert.ok(Math.max(...alone) > 0.5 && Math.max(...alone) <= 1, alone.join(' '));
  assert.deepEqual(together.probabilities, alone);
  assert.deepEqual(together.state, state);
});

test('a file that is missing or no network is told', async () => {
  await assert.rejects(VoiceActivityThread.load('/nowhere.onnx'), { code: 'model_missing' });
  await assert.rejects(VoiceActivityThread.load(fileURLToPath(import.meta.url)), { code: 'model_missing' });
});

test('a closed thread hears nothing, and closes once', async () => {
  const thread = await VoiceActivityThread.load(NETWORK);
  const hearing = thread.hear({ sound: new Float32Array(576), windows: 1, state: new Float32Array(256) });
  const closing = thread.close();
  await assert.rejects(hearing, { name: 'InvalidStateError' });
  assert.equal(thread.close(), closing);
  await closing;
  await assert.rejects(thread.hear({ sound: new Float32Array(576), windows: 1, state: new Float32Array(256) }), { name: 'InvalidStateError' });
});
