import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Avatar } from '../../../src/avatars/avatar.ts';
import { readAvatar } from '../../../src/avatars/avatar-files.ts';
import { NeuralPortraitMaker } from '../../../src/avatars/sadtalker/neural-portrait-maker.ts';
import { PREPROCESS_MODES, type PreprocessMode } from '../../../src/avatars/sadtalker/neural-portrait.ts';
import { PORTRAIT_COLUMNS } from '../../../src/base/coefficient-layout.ts';
import { checkpointSource } from '../../../src/models/checkpoint-source.ts';
import { face3dGraph } from '../../../src/models/pack-graphs.ts';
import { mainCatalogue } from '../../../src/models/tensor-catalogue.ts';
import { MINI_WIDTHS } from '../../models/mini-widths.ts';
import { recipeCheckpoint } from '../../models/recipe.ts';
import { MODELS_FOLDER } from '../portraits.ts';
import { type LoadedFace3d, loadFace3d, smallFace3d } from './small-face3d.ts';

/** Left, top, right and bottom of the cuts, seen to be right. */
const BOXES: Readonly<Record<'hopper' | 'astronaut', Record<PreprocessMode, readonly number[]>>> = {
  hopper: {
    crop: [24, 14, 484, 474], full: [24, 14, 484, 474],
    extcrop: [0, 0, 512, 519], extfull: [0, 0, 512, 519], resize: [0, 0, 512, 608],
  },
  astronaut: {
    crop: [77, 27, 437, 388], full: [77, 27, 437, 388],
    extcrop: [42, 0, 472, 422], extfull: [42, 0, 472, 422], resize: [0, 0, 512, 512],
  },
};

describe('a maker of neural portraits', () => {
  const portraits = new Map<keyof typeof BOXES, Avatar>();
  let loaded: LoadedFace3d;
  let maker: NeuralPortraitMaker;

  before(async () => {
    for (const name of ['hopper', 'astronaut'] as const) {
      portraits.set(name, await readAvatar(join(MODELS_FOLDER, 'portraits', name), true));
    }
    loaded = await loadFace3d(smallFace3d());
    maker = new NeuralPortraitMaker({ face3d: loaded.face3d, size: 128 });
  });
  after(async () => {
    await maker.close();
    await loaded[Symbol.asyncDispose]();
  });

  const avatarNamed = (name: keyof typeof BOXES): Avatar => portraits.get(name) ?? assert.fail(name);

  it('cuts both portraits in every mode as the reference does', async () => {
    for (const name of ['hopper', 'astronaut'] as const) {
      const avatar = avatarNamed(name);
      for (const mode of PREPROCESS_MODES) {
        const portrait = await maker.make(avatar, mode);
        const { left, top, right, bottom } = portrait.box;
        assert.deepEqual([left, top, right, bottom], BOXES[name][mode], `${name} ${mode}`);
        assert.equal(portrait.id, `${avatar.id}-${mode}-128`);
        assert.equal(portrait.mode, mode);
        assert.deepEqual([portrait.photo.width, portrait.photo.height, portrait.photo.data.length], [avatar.width, avatar.height, avatar.width * avatar.height * 3]);
        assert.deepEqual([portrait.face.width, portrait.face.height, portrait.face.data.length], [128, 128, 128 * 128 * 3]);
      }
    }
  });

  it('shows the networks what lies in the box', async () => {
    const { photo, face, box } = await maker.make(avatarNamed('hopper'), 'crop');
    const step = (box.right - box.left) / face.width;
    let difference = 0;
    for (let y = 0; y < face.height; y++) {
      for (let x = 0; x < face.width; x++) {
        const at = Math.floor(box.top + (y + 0.5) * step) * photo.width + Math.floor(box.left + (x + 0.5) * step);
        difference += Math.abs(face.data[3 * (y * face.width + x) + 1]! - photo.data[3 * at + 1]!);
      }
    }
    assert.ok(difference / face.width / face.height < 4, `mean difference ${difference / face.width / face.height}`);
  });

  it('gives a row of 73 that ends with the alignment: about as large in every cut, and where the face is', async () => {
    const cropped = await maker.make(avatarNamed('astronaut'), 'crop');
    const whole = await maker.make(avatarNamed('astronaut'), 'resize');
    for (const { coefficients } of [cropped, whole]) {
      assert.equal(coefficients.length, PORTRAIT_COLUMNS);
      assert.ok(coefficients.every(Number.isFinite));
    }
    const [scale, x, y] = cropped.coefficients.slice(70) as unknown as [number, number, number];
    const [wholeScale] = whole.coefficients.slice(70) as unknown as [number];
    assert.ok(Math.abs(x - 64) < 3 && Math.abs(y - 56) < 4, `face at ${x}, ${y} of 128`);
    // The same face in the same 224 pixels: a wider cut is enlarged more.
    assert.ok(Math.abs(wholeScale / scale - 512 / 360) < 0.02, `scales ${scale} and ${wholeScale}`);
    // Aligned alike, the two give the network nearly the same picture.
    const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.subarray(0, 64).map((value, i) => value - b[i]!));
    const other = await maker.make(avatarNamed('hopper'), 'crop');
    const [same, different] = [distance(cropped.coefficients, whole.coefficients), distance(cropped.coefficients, other.coefficients)];
    assert.ok(same < different / 2, `${same} to itself, ${different} to another`);
  });

  it('fits the graph that the importer makes', { timeout: 60_000 }, async () => {
    const source = checkpointSource(recipeCheckpoint('portrait', mainCatalogue(MINI_WIDTHS)));
    await using official = await loadFace3d(face3dGraph({ source, widths: MINI_WIDTHS, precision: 'fp32' }));
    await using own = new NeuralPortraitMaker({ face3d: official.face3d, size: 256 });
    const { coefficients, face } = await own.make(avatarNamed('hopper'), 'full');
    assert.equal(face.width, 256);
    assert.ok(coefficients.every(Number.isFinite) && coefficients.subarray(0, 70).some((value) => Math.abs(value) > 1e-3));
  });

  it('refuses wrong sizes and modes', async () => {
    assert.throws(() => new NeuralPortraitMaker({ face3d: loaded.face3d, size: 0 }), TypeError);
    assert.throws(() => new NeuralPortraitMaker({ face3d: loaded.face3d, size: 25.5 }), TypeError);
    await assert.rejects(maker.make(avatarNamed('hopper'), 'whole' as PreprocessMode), TypeError);
  });

  it('rejects what is under way when it is closed, twice is fine, and leaves the network open', async () => {
    const own = new NeuralPortraitMaker({ face3d: loaded.face3d, size: 128 });
    const making = assert.rejects(own.make(avatarNamed('hopper'), 'crop'), { name: 'InvalidStateError' });
    assert.equal(own.close(), own.close());
    await own.close();
    await making;
    await assert.rejects(own.make(avatarNamed('hopper'), 'crop'), { name: 'InvalidStateError' });
    await maker.make(avatarNamed('hopper'), 'crop');
  });
});
