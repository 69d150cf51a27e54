import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { InvalidStateError } from '../../src/base/errors.ts';
import { FACE_COEFFICIENTS, FACE_INDEX, type FaceCoefficient } from '../../src/base/motion-frame.ts';
import { LipExpressionModel } from '../../src/motion/lip-expression-model.ts';
import { MODELS_FOLDER } from './models-folder.ts';
import { joined, melWindows, mixed, noise, phoneOf, realClip, scaled, silence, vowel } from './sound.ts';

const REFERENCE = { expression: new Float32Array(FACE_COEFFICIENTS.length) };

const model = await LipExpressionModel.open(MODELS_FOLDER);
after(() => model.close());

/** Lips that meet: the jaw under 1 mm and pressed. */
const MET_MM = 1;

async function mouths(samples: Float32Array): Promise<Float32Array[]> {
  const stream = model.open(REFERENCE);
  const all: Float32Array[] = [];
  for (const window of melWindows(samples)) {
    all.push(new Float32Array(await stream.next(window)));
  }
  return all;
}

function most(frames: readonly Float32Array[], name: FaceCoefficient, from: number, to: number): number {
  return Math.max(...frames.slice(Math.round(from * 25), Math.round(to * 25)).map((frame) => frame[FACE_INDEX[name]]!));
}

function mean(frames: readonly Float32Array[], name: FaceCoefficient, from: number, to: number): number {
  const values = frames.slice(Math.round(from * 25), Math.round(to * 25)).map((frame) => frame[FACE_INDEX[name]]!);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('silence leaves the mouth exactly as in the portrait', async () => {
  for (const frame of await mouths(silence(1))) {
    assert.ok(frame.every((value) => value === 0));
  }
});

test('an a opens the jaw wide, and silence shuts it within 160 ms', async () => {
  const frames = await mouths(joined(silence(0.4), vowel(0.5, 750, 1200), silence(0.6)));
  assert.ok(most(frames, 'jaw', 0.5, 0.85) > 7, `jaw ${most(frames, 'jaw', 0.5, 0.85)} mm`);
  assert.ok(most(frames, 'jaw', 1.06, 1.4) < 0.5, `jaw ${most(frames, 'jaw', 1.06, 1.4)} mm after the end`);
  assert.equal(most(frames, 'jaw', 1.3, 1.4), 0);
});

test('the vowels differ as they look: a is open, i is spread', async () => {
  const spoken = await Promise.all([vowel(0.5, 750, 1200), vowel(0.5, 290, 2250), vowel(0.5, 320, 750)].map((sound) => (
    mouths(joined(silence(0.4), sound, silence(0.4))))));
  const jaw = spoken.map((frames) => mean(frames, 'jaw', 0.5, 0.85));
  const stretch = spoken.map((frames) => mean(frames, 'stretch', 0.5, 0.85));
  assert.ok(jaw[0]! > jaw[1]! + 2 && jaw[0]! > jaw[2]! + 2, `jaw of a, i, u: ${jaw.join(', ')}`);
  assert.ok(stretch[1]! > stretch[0]! + 0.2 && stretch[1]! > stretch[2]! + 0.2, `stretch of a, i, u: ${stretch.join(', ')}`);
});

test('the lips meet for the p of a real voice and the lower lip goes under the teeth for its f', async () => {
  const { samples, phones } = realClip();
  const frames = await mouths(samples);
  const p = phoneOf(phones, 'p');
  const closed = frames.slice(Math.floor(p.t0 * 25), Math.ceil(p.t1 * 25));
  assert.ok(closed.some((frame) => frame[FACE_INDEX.jaw]! < MET_MM && frame[FACE_INDEX.press]! > 0.6));
  const f = phoneOf(phones, 'f');
  assert.ok(most(frames, 'tuck', f.t0, f.t1) > 0.6);
});

test('the lips of a real voice are rounder in its o than in its e and a', async () => {
  const { samples, phones } = realClip();
  const frames = await mouths(samples);
  const puckerOf = (names: readonly string[]): number => Math.max(...phones.filter(({ ph }) => names.includes(ph)).map(({ t0, t1 }) => mean(frames, 'pucker', t0, t1)));
  assert.ok(puckerOf(['ao']) > puckerOf(['eh', 'ey', 'aa']) + 0.2, `pucker ${puckerOf(['ao'])} in o, ${puckerOf(['eh', 'ey', 'aa'])} in e and a`);
});

test('the mouth of a real voice opens for its open vowels, less for its s, and shuts before it speaks', async () => {
  const { samples, phones } = realClip();
  const frames = await mouths(samples);
  const jawOf = (names: readonly string[]): number => {
    const values = phones.filter((phone) => names.includes(phone.ph)).map((phone) => mean(frames, 'jaw', phone.t0, phone.t1));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const open = jawOf(['aa', 'eh', 'ah', 'ey']);
  const hiss = jawOf(['s', 'z']);
  assert.ok(open > 4 && hiss > 0.5 && open > hiss + 2, `jaw ${open} mm in vowels, ${hiss} mm in s`);
  assert.equal(most(frames, 'jaw', 0, phones[0]!.t1 - 0.08), 0);
});

test('a voice 20 dB softer or 12 dB louder moves the mouth about as much', async () => {
  const { samples } = realClip();
  const spoken = await Promise.all([-20, 0, 12].map((db) => mouths(joined(scaled(samples, db), scaled(samples, db)))));
  const jaw = spoken.map((frames) => mean(frames, 'jaw', 3.5, 7));
  assert.ok(jaw[0]! > 0.75 * jaw[1]! && jaw[0]! < 1.3 * jaw[1]!, `mean jaw ${jaw.join(', ')} mm`);
  assert.ok(jaw[2]! > 0.75 * jaw[1]! && jaw[2]! < 1.3 * jaw[1]!, `mean jaw ${jaw.join(', ')} mm`);
});

test('steady noise does not open the mouth, at −20 and at −45 dBFS, from the start or all at once', async () => {
  for (const levelDbfs of [-20, -45]) {
    const atStart = await mouths(noise(3, levelDbfs));
    assert.ok(most(atStart, 'jaw', 0, 3) < 1.5, `${levelDbfs} dBFS: jaw ${most(atStart, 'jaw', 0, 3)} mm`);
    const later = await mouths(joined(silence(1), noise(3, levelDbfs)));
    assert.ok(most(later, 'jaw', 0, 4) < 1.5, `${levelDbfs} dBFS after silence: jaw ${most(later, 'jaw', 0, 4)} mm`);
  }
});

test('a voice over steady noise still moves the mouth', async () => {
  const { samples } = realClip();
  const frames = await mouths(joined(noise(2, -45), mixed(samples, noise(samples.length / 16_000, -45))));
  assert.ok(most(frames, 'jaw', 0, 2) < 1);
  assert.ok(most(frames, 'jaw', 2.2, 5) > 6);
});

test('after reset the mouth closes from where it is, in steps, within 120 ms', async () => {
  const windows = melWindows(realClip().samples);
  const stream = model.open(REFERENCE);
  let next = 0;
  let jaw = 0;
  while (jaw < 5) {
    jaw = (await stream.next(windows[next]!))[FACE_INDEX.jaw]!;
    next += 1;
  }
  stream.reset();
  const closing: number[] = [];
  for (const window of windows.slice(next, next + 3)) {
    closing.push((await stream.next(window))[FACE_INDEX.jaw]!);
  }
  assert.ok(closing[0]! > jaw * 0.5 && closing[1]! < closing[0]! && closing[2] === 0, `jaw ${jaw} then ${closing.join(', ')}`);
});

test('a reference of another length and a closed stream are refused', async () => {
  assert.throws(() => model.open({ expression: new Float32Array(70) }), TypeError);
  const stream = model.open(REFERENCE);
  await stream.close();
  await stream.close();
  await assert.rejects(stream.next(melWindows(silence(0.2))[0]!), InvalidStateError);
});
