import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WarpPainter } from '../../src/render/warp-painter.ts';
import { motionOf, preparedFace } from './portraits.ts';

/** Boxed fractions alone would be some 900 kB a frame; what is left are a few objects for each frame, not for each pixel. */
const MOST_BYTES = 24_000;

/** The engine compiles the loops in the background, so it gets some rounds to be done. */
const MOST_ROUNDS = 60;
const ROUND_FRAMES = 10;

for (const name of ['astronaut', 'hopper'] as const) {
  await test(`drawing ${name} leaves no garbage behind for each pixel`, async () => {
    const { face } = await preparedFace(name);
    const painter = new WarpPainter(face, 2);
    const motions = Array.from({ length: ROUND_FRAMES }, (_, frame) => motionOf(
      { jaw: 5.3 + 4 * Math.sin(frame), stretch: 0.4, tongue: 0.5, gazeX: 0.4 * Math.sin(frame), gazeY: 0.3, blinkLeft: frame / 10.1, blinkRight: 0.3 },
      { yawDeg: 3.3 * Math.sin(frame), pitchDeg: 1.1, rollDeg: 1.7 },
    ));
    const rounds: number[] = [];
    const middle = (): number => rounds.slice(-5).sort((a, b) => a - b)[2] ?? Infinity;
    while (rounds.length < MOST_ROUNDS && !(rounds.length >= 5 && middle() < MOST_BYTES)) {
      const before = process.memoryUsage().heapUsed;
      motions.forEach((motion, frame) => { painter.draw(motion, frame % 2); });
      const grown = process.memoryUsage().heapUsed - before;
      // A collection in between hides what was allocated: such a round does not count.
      if (grown > 0) {
        rounds.push(grown / ROUND_FRAMES);
      }
    }
    painter.close();
    assert.ok(middle() < MOST_BYTES, `${Math.round(middle())} bytes a frame`);
  });
}
