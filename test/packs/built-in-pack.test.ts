import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MEL_WINDOW_FRAMES } from '../../src/base/mel-window.ts';
import { noStats } from '../../src/base/stats.ts';
import { BuiltInPack } from '../../src/packs/built-in-pack.ts';
import { FACE_DEFAULTS } from '../../src/packs/face-pack.ts';
import { builtInPortrait } from '../render/portraits.ts';

test('a head turns less the way it is turned already in its photo', async () => {
  await using pack = await BuiltInPack.open({
    modelsFolder: fileURLToPath(new URL('../../models', import.meta.url)), renderThreads: 1, logger: silentLogger, stats: noStats,
  });
  const straight = await builtInPortrait('hopper');
  const landmarks = Float32Array.from(straight.landmarks);
  // The outer eye corner on the picture's right, 20 degrees farther back.
  landmarks[263 * 3 + 2] = landmarks[33 * 3 + 2]! + Math.tan(Math.PI / 9) * (landmarks[263 * 3]! - landmarks[33 * 3]!);
  const mostRight = async (avatar: Avatar): Promise<number> => {
    const { motion, drawing } = await pack.openFace(avatar, { ...FACE_DEFAULTS, seed: 4, style: 'presenter' });
    let most = 0;
    for (let frame = 0; frame < 750; frame++) {
      const values = new Float32Array(80 * MEL_WINDOW_FRAMES).fill(-4);
      const moved = await motion.next({ mediaUs: frame * 40_000, values }, 'idle');
      most = Math.max(most, moved?.pose.yawDeg ?? NaN);
    }
    await Promise.all([motion.close(), drawing.close()]);
    return most;
  };
  const [turned, whole] = [await mostRight({ ...straight, landmarks }), await mostRight(straight)];
  assert.ok(whole > 1 && turned < 0.6 * whole, `${turned}° to the right, ${whole}° from a straight photo`);
});
