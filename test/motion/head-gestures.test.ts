import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEUTRAL_POSE } from '../../src/base/motion-frame.ts';
import { HeadGestures, type HeadMode } from '../../src/motion/head-gestures.ts';
import { Random } from '../../src/motion/random.ts';
import { SpeakingManner } from '../../src/motion/speaking-manner.ts';

interface Gesture {
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  readonly frames: number;
  readonly turn: number;
}

function gestures(mode: HeadMode, count: number, { manner = new SpeakingManner(), firstPose = NEUTRAL_POSE, from = NEUTRAL_POSE } = {}): Gesture[] {
  const chosen = new HeadGestures(new Random(5), { style: 'lively', firstPose });
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) {
      chosen.begin(mode, manner, from);
    } else {
      chosen.next(manner);
    }
    return { ...chosen.goal, frames: chosen.frames, turn: chosen.turn };
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

test('a vigorous voice gives larger and quicker gestures than a flat one', () => {
  const [flat, vigorous] = [new SpeakingManner(), new SpeakingManner()];
  Object.assign(flat, { loudness: 0.4, pitchRange: 0.3, stressHz: 0.3 });
  Object.assign(vigorous, { loudness: 0.8, pitchRange: 4, stressHz: 2.6 });
  const [few, many] = [gestures('speaking', 1000, { manner: flat }), gestures('speaking', 1000, { manner: vigorous })];
  for (const axis of ['yawDeg', 'pitchDeg', 'rollDeg'] as const) {
    const [small, large] = [spread(few.map((gesture) => gesture[axis])), spread(many.map((gesture) => gesture[axis]))];
    assert.ok(large > 1.8 * small, `${axis}: ${large}° and ${small}°`);
  }
  assert.ok(mean(many.map(({ frames }) => frames)) < 0.85 * mean(few.map(({ frames }) => frames)));
});

test('a head is raised as a phrase begins and with rising pitch, and sinks in a long phrase', () => {
  const pitchOf = (properties: { readonly phraseFrames: number; readonly pitchLevel?: number }): number =>
    mean(gestures('speaking', 1000, { manner: Object.assign(new SpeakingManner(), properties) }).map(({ pitchDeg }) => pitchDeg));
  const [first, later, low] = [pitchOf({ phraseFrames: 1 }), pitchOf({ phraseFrames: 100 }), pitchOf({ phraseFrames: 1, pitchLevel: 4 })];
  // A level of 4 with no pitch now is a fall by 4 semitones.
  assert.ok(first < -0.5 && later > first + 1 && low > first + 0.3, `down by ${first}°, ${later}° later, ${low}° as pitch falls`);
});

test('a head that stops speaking settles: it keeps a small part of its turn', () => {
  const settled = gestures('pausing', 1, { from: { ...NEUTRAL_POSE, yawDeg: 4, pitchDeg: -3, rollDeg: 2 } });
  assert.ok(settled.every(({ yawDeg, pitchDeg, rollDeg }) => yawDeg > 0 && yawDeg < 1 && Math.abs(pitchDeg) < 0.5 && rollDeg < 0.5));
});

test('a listener looks a little down, tilts the head, and nods some times in a row, less each time; nobody else nods', () => {
  const listened = gestures('listening', 2000);
  assert.ok(mean(listened.map(({ pitchDeg }) => pitchDeg)) > 0.5);
  assert.ok(mean(listened.map(({ rollDeg }) => Math.abs(rollDeg))) > 0.7);
  // How far each nod goes back up: a nod is a stroke that turns, and the next.
  const backDeg = listened.map(({ pitchDeg, turn }, i) => (turn > 0 ? pitchDeg - (listened[i + 1]?.pitchDeg ?? 0) : 0));
  const firsts = backDeg.flatMap((deg, i) => (deg > 0 && !listened[i - 1]?.turn && i + 2 < listened.length ? [{ first: deg, second: backDeg[i + 2] ?? 0 }] : []));
  assert.ok(firsts.length > 100 && firsts.every(({ first }) => first > 1 && first < 2.3), `${firsts.length} times nods`);
  const repeated = firsts.filter(({ second }) => second > 0);
  assert.ok(repeated.length > 40 && repeated.every(({ first, second }) => second > 0.4 * first && second < 0.8 * first), `${repeated.length} times two or more`);
  assert.ok([...gestures('idle', 500), ...gestures('speaking', 500), ...gestures('pausing', 500)].every(({ turn }) => turn === 0));
});

test('a head that is turned in its portrait turns less that way, and back as any other', () => {
  const yaws = gestures('speaking', 2000, { firstPose: { ...NEUTRAL_POSE, yawDeg: 20 } }).map(({ yawDeg }) => yawDeg);
  const [away, back] = [Math.max(...yaws), -Math.min(...yaws)];
  assert.ok(away < 0.45 * back && back > 3, `${away}° farther, ${back}° back`);
});

test('no goal lies beyond the bounds', () => {
  const wild = Object.assign(new SpeakingManner(), { loudness: 1, pitchRange: 30, stressHz: 25, pitchLevel: 30 });
  for (const { yawDeg, pitchDeg, rollDeg, frames } of gestures('speaking', 1000, { manner: wild })) {
    assert.ok(Math.abs(yawDeg) <= 6 && Math.abs(pitchDeg) <= 5 && Math.abs(rollDeg) <= 4 && frames >= 5);
  }
});
