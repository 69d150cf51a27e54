import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpeechJob } from '../../src/audio/speech-job.ts';

test('sound is read in order, also by a reader that waits, until the end', async () => {
  const job = new SpeechJob(1);
  const waiting = job.next();
  job.add(Float32Array.of(1));
  job.add(Float32Array.of(2, 3));
  assert.deepEqual([...(await waiting ?? [])], [1]);
  assert.equal(job.waitingSamples, 2);
  job.finish();
  assert.deepEqual([...(await job.next() ?? [])], [2, 3]);
  assert.equal(await job.next(), undefined);
});

test('a failure comes after the sound, a cancellation at once', async () => {
  const failed = new SpeechJob(1);
  failed.add(Float32Array.of(1));
  failed.finish(new Error('broken'));
  assert.equal((await failed.next())?.length, 1);
  await assert.rejects(failed.next(), /broken/);
  const cancelled = new SpeechJob(2);
  cancelled.add(Float32Array.of(1));
  cancelled.cancel(new Error('enough'));
  await assert.rejects(cancelled.next(), /enough/);
  assert.equal(Atomics.load(cancelled.cancelled, 0), 1);
});
