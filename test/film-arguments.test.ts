import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../src/base/errors.ts';
import { filmArguments, joinAngleLists } from '../src/film-arguments.ts';

test('without options a film has the reference\'s defaults', () => {
  assert.deepEqual(filmArguments({}), {
    seed: 1, style: 'lively', preprocess: 'crop', size: 256, still: false, pose_style: 0, expression_scale: 1, batch_size: 2,
  });
});

test('angles of a list may be separated by spaces, also negative ones, or by commas', () => {
  const args = ['render', 'me.jpg', '3', '--input_yaw', '-20', '30', '10.5', '--still', '--input_roll=5,6', 'out.mp4'];
  assert.deepEqual(joinAngleLists(args), ['render', 'me.jpg', '3', '--input_yaw=-20,30,10.5', '--still', '--input_roll=5,6', 'out.mp4']);
  assert.deepEqual(filmArguments({ input_yaw: '-20,30,10.5' }).input_yaw, [-20, 30, 10.5]);
});

test('a wrong option is named', () => {
  for (const [option, value] of [['size', '128'], ['preprocess', 'whole'], ['pose_style', '46'], ['input_yaw', '1,x'], ['batch_size', '0'], ['seed', '-1'], ['style', 'wild'], ['pack', 'other']] as const) {
    assert.throws(() => filmArguments({ [option]: value }), (error: unknown) => error instanceof AvatarError && error.code === 'invalid_request' && error.message.includes(`--${option}`), option);
  }
});
