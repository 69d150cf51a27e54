import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import { leanWithTurn, MOST_PITCH_DEG, MOST_ROLL_DEG, MOST_YAW_DEG, moveOfFaceMm, type MutablePose } from '../../src/motion/head-reach.ts';
import { Random } from '../../src/motion/random.ts';
import { faceFrame } from '../../src/render/face-frame.ts';
import { headShape, restTurn, turnTo } from '../../src/render/head-pose-field.ts';
import { mouthShape } from '../../src/render/mouth-shape.ts';
import { builtInPortrait } from '../render/portraits.ts';

const KEYS = ['yawDeg', 'pitchDeg', 'rollDeg', 'xMm', 'yMm'] as const;

for (const name of ['hopper', 'astronaut'] as const) {
  test(`no mesh point of ${name} moves farther than a change of pose is said to move the face`, async () => {
    const avatar = await builtInPortrait(name);
    const frame = faceFrame(avatar.landmarks);
    const head = headShape(avatar.landmarks, frame, mouthShape(avatar, frame));
    const random = new Random(1);
    const [before, after] = [restTurn(), restTurn()];
    for (let round = 0; round < 300; round++) {
      const pose: MutablePose = {
        ...NEUTRAL_POSE,
        yawDeg: MOST_YAW_DEG * random.between(-1, 1),
        pitchDeg: MOST_PITCH_DEG * random.between(-1, 1),
        rollDeg: MOST_ROLL_DEG * random.between(-1, 1),
      };
      leanWithTurn(pose);
      const change: MutablePose = { ...NEUTRAL_POSE, yawDeg: random.between(-0.3, 0.3), pitchDeg: random.between(-0.3, 0.3), rollDeg: random.between(-0.2, 0.2) };
      leanWithTurn(change);
      turnTo(pose, before);
      turnTo(Object.fromEntries(KEYS.map((key) => [key, pose[key] + change[key]])) as unknown as MutablePose, after);
      const said = moveOfFaceMm(change);
      for (const [point, { u, v }] of head.pointPlaces.entries()) {
        const [x, y, z] = [u - head.pivotU, v - head.pivotV, head.pointDepths[point]! - head.pivotZ];
        const across = (after.xx - before.xx) * x + (after.xy - before.xy) * y + (after.xz - before.xz) * z + after.x0 - before.x0;
        const down = (after.yx - before.yx) * x + (after.yy - before.yy) * y + (after.yz - before.yz) * z + after.y0 - before.y0;
        assert.ok(Math.hypot(across, down) <= 1.02 * said, `point ${point} moves ${Math.hypot(across, down)} mm, ${said} said`);
      }
    }
  });
}
