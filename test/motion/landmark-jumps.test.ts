import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FACE_COEFFICIENTS, FACE_INDEX, NEUTRAL_POSE, type HeadPose } from '../../src/base/motion-frame.ts';
import { EyeMotion } from '../../src/motion/eye-motion.ts';
import type { FaceState } from '../../src/motion/face-state.ts';
import { HeadMotion, type HeadStyle } from '../../src/motion/head-motion.ts';
import { Prosody } from '../../src/motion/prosody.ts';
import { Random } from '../../src/motion/random.ts';
import { faceFrame, type FaceFrame } from '../../src/render/face-frame.ts';
import { headShape, restTurn, turnTo, type HeadShape } from '../../src/render/head-pose-field.ts';
import { mouthShape } from '../../src/render/mouth-shape.ts';
import { builtInPortrait } from '../render/portraits.ts';
import { joined, melWindows, realClip, silence } from './sound.ts';

/** Mesh points of both brows, and how far the coefficient 1 raises them. */
const BROWS = new Set([46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336]);
const BROW_MM = 5;

/** Where the renderer draws each mesh point that the mouth leaves alone, in pixels, x and y in turn. */
function landmarksOf({ head, frame }: { readonly head: HeadShape; readonly frame: FaceFrame }, pose: HeadPose, brow: number): Float64Array {
  const turn = restTurn();
  turnTo(pose, turn);
  return Float64Array.from({ length: 2 * head.pointPlaces.length }, (_, i) => {
    const point = i >> 1;
    const { u, v } = head.pointPlaces[point]!;
    const [x, y, z] = [u - head.pivotU, v - head.pivotV - (BROWS.has(point) ? BROW_MM * brow : 0), head.pointDepths[point]! - head.pivotZ];
    return frame.pxPerMm * (i % 2 === 0 ? turn.xx * x + turn.xy * y + turn.xz * z + turn.x0 : turn.yx * x + turn.yy * y + turn.yz * z + turn.y0);
  });
}

/** Poses and brows through idle, speech, listening and interrupts in the middle of words. */
function* motion(style: HeadStyle, seed: number): Generator<{ readonly pose: HeadPose; readonly brow: number }> {
  const [random, prosody] = [new Random(seed), new Prosody()];
  const [eyes, head] = [new EyeMotion(random), new HeadMotion(random, { liveliness: 1, style, firstPose: NEUTRAL_POSE })];
  const expression = new Float32Array(FACE_COEFFICIENTS.length);
  let state: FaceState = 'idle';
  for (const [frame, window] of melWindows(joined(silence(1), ...Array.from({ length: 5 }, () => joined(realClip().samples, silence(0.5))))).entries()) {
    if (frame % 130 === 129) {
      prosody.reset();
      state = state === 'speaking' ? 'listening' : 'speaking';
    }
    prosody.update(window);
    const pose = head.next(prosody, state);
    eyes.next(expression, pose, prosody, state);
    yield { pose, brow: expression[FACE_INDEX.brow]! };
  }
}

for (const name of ['hopper', 'astronaut'] as const) {
  test(`no landmark of ${name} that the mouth does not move jumps by more than 1.5 px from one frame to the next`, async () => {
    const avatar = await builtInPortrait(name);
    const frame = faceFrame(avatar.landmarks);
    const face = { head: headShape(avatar.landmarks, frame, mouthShape(avatar, frame)), frame };
    for (const style of ['calm', 'lively', 'presenter'] as const) {
      let last: Float64Array | undefined;
      let most = 0;
      for (const { pose, brow } of motion(style, 4)) {
        const landmarks = landmarksOf(face, pose, brow);
        for (let i = 0; last !== undefined && i < landmarks.length; i += 2) {
          most = Math.max(most, Math.hypot(landmarks[i]! - last[i]!, landmarks[i + 1]! - last[i + 1]!));
        }
        last = landmarks;
      }
      assert.ok(most > 0.3 && most <= 1.5, `${style}: ${most} px`);
    }
  });
}
