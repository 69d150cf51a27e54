import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { POSE_COLUMNS } from '../../../src/base/coefficient-layout.ts';
import { ExactPoseStream } from '../../../src/motion/sadtalker/exact-pose-stream.ts';
import { PoseVae } from '../../../src/motion/sadtalker/pose-vae.ts';
import { Goldens } from '../../models/goldens.ts';
import { openRecipePack } from './recipe-pack.ts';

const pack = await openRecipePack();
const goldens = new Goldens(new URL('../../models/fixtures/cases.safetensors', import.meta.url));
after(async () => {
  goldens[Symbol.dispose]();
  await pack[Symbol.asyncDispose]();
});

it('gives the reference\'s smoothed poses for its latents, window by window', async () => {
  const mel = goldens.floats('audio2pose.mel');
  const frames = mel.dims[1]!;
  const latents = goldens.floats('audio2pose.z').data;
  let chunk = 0;
  const reference = goldens.floats('audio2pose.ref').data.slice(64, 70);
  const vae = new PoseVae({
    model: pack.posevae, reference, style: goldens.integers('audio2pose.class')[0]! % 46,
    drawLatent: (latent) => { latent.set(latents.subarray(64 * chunk, 64 * ++chunk)); },
  });
  const stream = new ExactPoseStream(vae, { reference });
  const expected = goldens.floats('audio2pose.pose_smoothed').data;
  let compared = 0;
  const compare = (): void => {
    for (; compared < stream.track.rows; compared++) {
      for (let column = 0; column < POSE_COLUMNS; column++) {
        const actual = stream.track.poses[stream.track.offset(compared) + column]!;
        assert.ok(Math.abs(actual - expected[compared * POSE_COLUMNS + column]!) < 2e-5, `row ${compared}, column ${column}: ${actual}`);
      }
    }
  };
  for (let frame = 0; frame < frames; frame++) {
    await stream.next(mel.data.slice(frame * 1280, (frame + 1) * 1280));
    compare();
  }
  assert.equal(compared, 59);
  await stream.finish();
  compare();
  assert.equal(compared, frames);
});
