import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xOf, yOf } from '../../src/render/face-frame.ts';
import { heightAt } from '../../src/render/curve.ts';
import type { WarpFace } from '../../src/render/warp-face.ts';
import { WarpPainter, type FaceMotion } from '../../src/render/warp-painter.ts';
import { motionOf, preparedFace } from './portraits.ts';

const { avatar: astronautAvatar, face: astronaut } = await preparedFace('astronaut');
const { avatar: hopperAvatar, face: hopper } = await preparedFace('hopper');

/** Draws one motion from rest. */
function drawn(face: WarpFace, motion: FaceMotion): Uint8Array {
  const painter = new WarpPainter(face, 1);
  painter.draw(motion, 0);
  const picture = painter.picture(0).slice();
  painter.close();
  return picture;
}

/** Millimetres of a column of the face, from v to v, whose luma is under the limit. */
function darkMm(face: WarpFace, picture: Uint8Array, u: number, range: { from: number; to: number; below: number }): number {
  let dark = 0;
  for (let v = range.from; v < range.to; v += 0.25) {
    const x = Math.round(xOf(face.frame, u, v));
    const y = Math.round(yOf(face.frame, u, v));
    dark += picture[y * face.width + x]! < range.below ? 0.25 : 0;
  }
  return dark;
}

function worstDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((worst, value, index) => Math.max(worst, Math.abs(value - b[index]!)), 0);
}

await test('a face at rest is the portrait', () => {
  const picture = drawn(hopper, motionOf({}));
  const { image, background, matte, width, height } = hopperAvatar;
  let sum = 0;
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const share = matte[pixel]! / 255;
    const channel = (at: number): number => image[pixel * 3 + at]! * share + background[pixel * 3 + at]! * (1 - share);
    const luma = 16 + 0.256788 * channel(0) + 0.504129 * channel(1) + 0.097906 * channel(2);
    sum += (picture[pixel]! - luma) ** 2;
    assert.ok(Math.abs(picture[pixel]! - luma) < 4, `luma of pixel ${pixel % width}, ${Math.floor(pixel / width)}: ${picture[pixel]!} instead of ${luma}`);
  }
  assert.ok(sum / (width * height) < 0.5, `mean squared error ${sum / (width * height)}`);
});

await test('the jaw opens a gap of as many millimetres as it goes', () => {
  const range = { from: -6, to: 30, below: 60 };
  const closed = darkMm(hopper, drawn(hopper, motionOf({})), hopper.mouth.centreMm + 3, range);
  const opened = darkMm(hopper, drawn(hopper, motionOf({ jaw: 12 })), hopper.mouth.centreMm + 3, range);
  // Of 12 mm the drawn upper teeth and the tongue take a part.
  assert.ok(closed < 1, `${closed} mm are dark in closed lips`);
  assert.ok(opened > 4 && opened < 12, `${opened} mm are dark with the jaw at 12`);
});

await test('pressed lips touch, in a portrait with closed lips and in one that shows its teeth', () => {
  for (const face of [hopper, astronaut]) {
    const picture = drawn(face, motionOf({ press: 1 }));
    for (const u of [-8, 0, 8]) {
      const column = face.mouth.centreMm + u;
      const middle = (heightAt(face.mouth.upper, column) + heightAt(face.mouth.lower, column)) / 2;
      const gap = darkMm(face, picture, column, { from: middle - 8, to: middle + 10, below: 55 });
      assert.ok(gap < 1, `${gap} mm are dark at u = ${u}`);
    }
  }
});

/** How bright and colourless the mouth is at most, in a column of the face from v to v: teeth are, lips are red. */
function whitest(face: WarpFace, picture: Uint8Array, u: number, range: { readonly from: number; readonly to: number }): number {
  let most = -Infinity;
  for (let v = range.from; v < range.to; v += 0.25) {
    const x = Math.round(xOf(face.frame, u, v));
    const y = Math.round(yOf(face.frame, u, v));
    const red = picture[face.width * face.height * 1.25 + (y >> 1) * (face.width / 2) + (x >> 1)]!;
    most = Math.max(most, picture[y * face.width + x]! - 4 * Math.max(0, red - 128));
  }
  return most;
}

await test('a toothy portrait closes its lips over the teeth all along, and smile shows them again', () => {
  const { mouth } = astronaut;
  const toothy = drawn(astronaut, motionOf({ smile: 1 }));
  for (const motion of [motionOf({}), motionOf({ press: 1 })]) {
    const closed = drawn(astronaut, motion);
    for (const aside of [-12, -6, 0, 6, 12]) {
      const u = mouth.centreMm + aside;
      const range = { from: heightAt(mouth.upper, u) + 2, to: heightAt(mouth.lower, u) - 1 };
      assert.ok(whitest(astronaut, toothy, u, range) > whitest(astronaut, closed, u, range) + 35,
        `at u = ${u}: teeth ${whitest(astronaut, toothy, u, range)}, closed ${whitest(astronaut, closed, u, range)}`);
    }
  }
});

await test('rounded lips are narrow and hide the teeth, in a portrait with closed lips and in one that shows its teeth', () => {
  for (const face of [hopper, astronaut]) {
    const { mouth } = face;
    const rounded = drawn(face, motionOf({ pucker: 1, jaw: 4 }));
    const shut = drawn(face, motionOf({ pucker: 1 }));
    const spread = drawn(face, motionOf({ stretch: 0.5, jaw: 4 }));
    const middle = heightAt(mouth.upper, mouth.centreMm) + mouth.upperShare * (heightAt(mouth.lower, mouth.centreMm) - heightAt(mouth.upper, mouth.centreMm));
    const inside = (picture: Uint8Array, u: number): number => whitest(face, picture, u, { from: middle - 0.5, to: middle + 2 });
    assert.ok(inside(spread, mouth.centreMm + 2) > inside(rounded, mouth.centreMm + 2) + 30, `${inside(spread, mouth.centreMm + 2)} and ${inside(rounded, mouth.centreMm + 2)} inside`);
    const dark = (picture: Uint8Array, aside: number): number => darkMm(face, picture, mouth.centreMm + aside, { from: middle - 4, to: middle + 12, below: 60 });
    for (const aside of [-17, 17]) {
      assert.ok(dark(rounded, aside) <= dark(shut, aside) + 1, `${dark(rounded, aside)} mm, ${dark(shut, aside)} mm with the jaw closed, are dark ${aside} mm beside the middle of rounded lips`);
    }
  }
});

await test('a blink covers the iris, in each eye by itself', () => {
  const luma = (picture: Uint8Array, eye: 0 | 1): number => {
    const { irisU, irisV } = astronaut.eyes[eye];
    let sum = 0;
    for (const [du, dv] of [[0, 0], [-1.5, 0], [1.5, 0], [0, -1.5], [0, 1.5]] as const) {
      const x = Math.round(xOf(astronaut.frame, irisU + du, irisV + dv));
      const y = Math.round(yOf(astronaut.frame, irisU + du, irisV + dv));
      sum += picture[y * astronaut.width + x]! / 5;
    }
    return sum;
  };
  const open = drawn(astronaut, motionOf({}));
  const wink = drawn(astronaut, motionOf({ blinkLeft: 1 }));
  assert.ok(luma(wink, 0) > luma(open, 0) + 40, `left: ${luma(open, 0)} open, ${luma(wink, 0)} closed`);
  assert.ok(Math.abs(luma(wink, 1) - luma(open, 1)) < 1, 'the right eye stays open');
});

await test('nothing behind the head moves with it', () => {
  const still = drawn(astronaut, motionOf({}));
  const turned = drawn(astronaut, motionOf({}, { yawDeg: 10, rollDeg: 5 }));
  const { matte, width, height } = astronautAvatar;
  // Beyond the reach of a 10° turn nobody comes by.
  const personWithin = (x: number, y: number, reach: number): boolean => {
    for (let step = 0; step < 17 * 17; step += 1) {
      const nearX = Math.min(width - 1, Math.max(0, x + reach * ((step % 17) / 8 - 1)));
      const nearY = Math.min(height - 1, Math.max(0, y + reach * (Math.floor(step / 17) / 8 - 1)));
      if (matte[nearY * width + nearX]! > 0) {
        return true;
      }
    }
    return false;
  };
  const background = Uint8Array.from({ length: width * height }, (_, pixel) => (personWithin(pixel % width, Math.floor(pixel / width), 64) ? 0 : 1));
  assert.ok(background.reduce((sum, value) => sum + value, 0) > 10_000);
  background.forEach((free, pixel) => {
    assert.ok(free === 0 || still[pixel] === turned[pixel], `background pixel ${pixel % width}, ${Math.floor(pixel / width)} changed`);
  });
  assert.ok(worstDifference(still, turned) > 100, 'the head moved');
});

await test('where the head moved away the background shows, and no shred of the portrait stays', () => {
  const { matte, background, width, height } = hopperAvatar;
  const tilted = drawn(hopper, motionOf({}, { rollDeg: 10 }));
  let checked = 0;
  for (let y = 60; y < 0.35 * height; y += 3) {
    const left = Array.from({ length: width }, (_, x) => x).find((x) => matte[y * width + x]! > 250) ?? 0;
    for (let x = left + 2; x < left + 9; x += 1) {
      const at = y * width + x;
      const luma = 16 + 0.256788 * background[at * 3]! + 0.504129 * background[at * 3 + 1]! + 0.097906 * background[at * 3 + 2]!;
      assert.ok(Math.abs(tilted[at]! - luma) < 3, `pixel ${x}, ${y}: ${tilted[at]!} instead of the background's ${luma}`);
      checked += 1;
    }
  }
  assert.ok(checked > 100);
});

await test('every picture of the ring is the portrait again when the face is at rest again', () => {
  const painter = new WarpPainter(hopper, 3);
  const wild = [
    motionOf({ jaw: 10, blinkLeft: 1, blinkRight: 1, gazeX: 1 }, { yawDeg: 10, rollDeg: -8, yMm: 5 }),
    motionOf({ pucker: 1, brow: 1, gazeY: 1 }, { pitchDeg: -9, xMm: -6 }),
    motionOf({ stretch: 1, smile: 1 }, { yawDeg: -12, pitchDeg: 8, rollDeg: 9 }),
  ];
  wild.forEach((motion, picture) => { painter.draw(motion, picture); });
  const rest = drawn(hopper, motionOf({}));
  for (let round = 0; round < 4; round += 1) {
    for (let picture = 0; picture < 3; picture += 1) {
      painter.draw(motionOf({}), picture);
    }
  }
  for (let picture = 0; picture < 3; picture += 1) {
    const worst = worstDifference(painter.picture(picture), rest);
    assert.ok(worst <= 6, `picture ${picture} differs by ${worst}`);
  }
  painter.close();
});

await test('the same motions give the same pictures', () => {
  const run = (): Uint8Array => {
    const painter = new WarpPainter(astronaut, 2);
    for (let frame = 0; frame < 12; frame += 1) {
      painter.draw(motionOf({ jaw: frame, gazeX: Math.sin(frame) }, { yawDeg: frame - 6, pitchDeg: 3 * Math.cos(frame) }), frame % 2);
    }
    const last = painter.picture(1).slice();
    painter.close();
    return last;
  };
  assert.deepEqual(run(), run());
});

await test('poses and coefficients outside their range are held to it', () => {
  const far = drawn(hopper, motionOf({ jaw: 90, pucker: 9 }, { yawDeg: 90, pitchDeg: -90, xMm: 500 }));
  const most = drawn(hopper, motionOf({ jaw: 18, pucker: 1 }, { yawDeg: 12, pitchDeg: -10, xMm: 8 }));
  assert.deepEqual(far, most);
});

await test('a wrong number of coefficients is refused', () => {
  const painter = new WarpPainter(hopper, 1);
  assert.throws(() => { painter.draw({ ...motionOf({}), expression: new Float32Array(3) }, 0); }, TypeError);
  painter.close();
});

await test('a closed painter and a closed face give all their memory back', async () => {
  const { face } = await preparedFace('hopper');
  const { arena } = face.kernel;
  const before = arena.freeBytes;
  const painter = new WarpPainter(face, 4);
  assert.ok(arena.freeBytes !== before);
  painter.close();
  const after = arena.freeBytes;
  painter.close();
  assert.equal(arena.freeBytes, after, 'closing twice gives nothing twice');
  new WarpPainter(face, 4).close();
  assert.equal(arena.freeBytes, after, 'the next painter takes the same memory');
  face.close();
  assert.equal(arena.freeBytes, arena.memory.buffer.byteLength - 16 - 4096, 'only the weights of the kernel stay');
});

await test('drawing takes no more of the kernel\'s memory, however many frames', () => {
  const painter = new WarpPainter(hopper, 2);
  const { arena } = hopper.kernel;
  const before = [arena.memory.buffer.byteLength, arena.freeBytes];
  for (let frame = 0; frame < 60; frame += 1) {
    painter.draw(motionOf({ jaw: frame % 12, blinkLeft: (frame % 10) / 10 }, { yawDeg: 10 * Math.sin(frame / 5) }), frame % 2);
  }
  assert.deepEqual([arena.memory.buffer.byteLength, arena.freeBytes], before);
  painter.close();
});

await test('the inverse warp settles: a mouth that opens slowly and one that opens at once look the same', () => {
  const slow = new WarpPainter(astronaut, 1);
  for (let jaw = 0; jaw <= 11; jaw += 0.25) {
    slow.draw(motionOf({ jaw }, { yawDeg: jaw / 2, pitchDeg: jaw / 3 }), 0);
  }
  const sudden = drawn(astronaut, motionOf({ jaw: 11 }, { yawDeg: 11 / 2, pitchDeg: 11 / 3 }));
  const gradual = slow.picture(0);
  let sum = 0;
  for (let pixel = 0; pixel < astronaut.width * astronaut.height; pixel += 1) {
    sum += Math.abs(gradual[pixel]! - sudden[pixel]!);
  }
  assert.ok(sum / (astronaut.width * astronaut.height) < 0.3, `mean difference ${sum / (astronaut.width * astronaut.height)}`);
  slow.close();
});
