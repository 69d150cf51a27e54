import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Utterance } from '../../src/audio/utterance.ts';

test('many tiny pushes are gathered, so that they cost no more memory and time than one that is long', () => {
  const utterance = new Utterance('a', 48_000);
  for (let n = 0; n < 20_000; n++) {
    utterance.append(Float32Array.of(n));
  }
  const taken: number[] = [];
  let runs = 0;
  for (let run = utterance.take(480); run.length > 0; run = utterance.take(480)) {
    taken.push(...run);
    runs += 1;
  }
  assert.deepEqual(taken, Array.from({ length: 20_000 }, (_, n) => n));
  assert.ok(runs < 50, `${runs} runs`);
});

test('what was pushed comes out in order, whatever the lengths, also when it is emptied in between', () => {
  const utterance = new Utterance('a', 16_000);
  const taken: number[] = [];
  let pushed = 0;
  for (const [length, most] of [[1, 1], [4095, 5000], [4096, 100], [9000, 4096], [0, 3], [3, 20_000], [8192, 8192], [1, 9000]] as const) {
    const samples = Float32Array.from({ length }, (_, n) => pushed + n);
    utterance.append(samples);
    samples.fill(-1);
    pushed += length;
    taken.push(...utterance.take(most));
    assert.equal(utterance.waiting, pushed - taken.length);
  }
  for (let run = utterance.take(777); run.length > 0; run = utterance.take(777)) {
    taken.push(...run);
  }
  assert.deepEqual(taken, Array.from({ length: pushed }, (_, n) => n));
  assert.equal(utterance.waitingMs, 0);
});
