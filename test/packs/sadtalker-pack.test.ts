import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Viewer } from '../../loadtest/viewer.ts';
import { PREPROCESS_MODES, isFull } from '../../src/avatars/sadtalker/neural-portrait.ts';
import { AvatarError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { noStats } from '../../src/base/stats.ts';
import { renderFilm } from '../../src/film.ts';
import type { FilmOptions } from '../../src/film.ts';
import type { SadTalkerFilm } from '../../src/packs/sadtalker-film.ts';
import { SadTalkerPack } from '../../src/packs/sadtalker-pack.ts';
import type { SadTalkerSettings } from '../../src/packs/sadtalker-pack.ts';
import { parseConfig } from '../../src/server/config.ts';
import { OratorServer } from '../../src/server/orator-server.ts';
import { toneWav } from '../encode/test-sounds.ts';
import { makeMiniPack } from '../models/mini-pack.ts';
import { MINI_SIZE } from '../models/mini-widths.ts';

const modelsFolder = fileURLToPath(new URL('../../models', import.meta.url));
const hopper = JSON.parse(await readFile(join(modelsFolder, 'portraits/hopper/avatar.json'), 'utf8')) as { width: number; height: number };
const hopperPicture = join(modelsFolder, 'portraits/hopper/original.jpg');
const isCode = (code: string) => (error: unknown): boolean => error instanceof AvatarError && error.code === code;

describe('the SadTalker pack', () => {
  let pack: Awaited<ReturnType<typeof makeMiniPack>>;
  let folder: string;
  let settings: SadTalkerSettings;

  before(async () => {
    pack = await makeMiniPack();
    folder = await mkdtemp(join(tmpdir(), 'orator-pack-'));
    await writeFile(join(folder, 'short.wav'), toneWav({ rateHz: 16_000, channels: 1, seconds: 0.21, level: 0.3 }));
    settings = { folder: pack.packFolder, device: 'cpu', precision: 'fp32', size: 256, preprocess: 'full', batch: 2, threads: 0, leastFps: 0 };
  });
  after(async () => {
    await pack[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const film = (name: string, more: Partial<SadTalkerFilm>): FilmOptions => ({
    portrait: { avatar: 'hopper' }, speechFile: join(folder, 'short.wav'), outFile: join(folder, name), seed: 3, avatarFolder: join(folder, 'avatars'),
    sadtalker: { settings, still: false, poseStyle: 0, expressionScale: 1, anglesDeg: {}, ...more },
  });

  it('is installed where checkpoints were imported', async () => {
    assert.equal(await SadTalkerPack.isInstalled(pack.packFolder), true);
    assert.equal(await SadTalkerPack.isInstalled(join(folder, 'nowhere')), false);
  });

  it('is refused for a live face where it would draw too few frames, with the measured rate and the way out', async () => {
    await assert.rejects(SadTalkerPack.open({ ...settings, leastFps: 1e9 }, { film: false, logger: silentLogger, stats: noStats }), (error: unknown) => {
      assert.ok(isCode('device_too_slow')(error));
      assert.match(String(error), /draw [\d.]+ frames a second here \(on cpu: cpu was asked for\).*built-in/);
      return true;
    });
  });

  it('names what is missing when the wanted size was not imported', async () => {
    await assert.rejects(SadTalkerPack.open({ ...settings, size: 512 }, { film: false, logger: silentLogger, stats: noStats }), isCode('model_missing'));
  });

  it('draws a live session, pasted into the portrait, and says which pack draws it', { timeout: 120_000 }, async () => {
    const server = await OratorServer.create(parseConfig({ server: { port: 0 }, avatars: { folder }, sadtalker: settings }), pino({ level: 'silent' }));
    try {
      const url = await server.listen();
      assert.deepEqual(await (await fetch(`${url}/v1/packs`)).json(), { packs: [{ id: 'built-in' }, { id: 'sadtalker' }], style: 'lively' });
      const viewer = await Viewer.connect(url, { session: { pack: 'sadtalker', avatar: 'hopper', poseStyle: 7, lookAheadFrames: 4 } });
      const frames: number[] = [];
      const seen = new Promise<void>((resolve) => {
        viewer.onFrame = ({ rtpTimestamp }): void => {
          frames.push(rtpTimestamp);
          if (frames.length === 10) {
            resolve();
          }
        };
      });
      const described = await (await fetch(`${url}/v1/sessions/${viewer.sessionId}`)).json() as { pack: string };
      assert.equal(described.pack, 'sadtalker');
      await seen;
      assert.ok(frames.every((time, index) => index === 0 || ((time - frames[index - 1]!) >>> 0) % 3600 === 0), 'frames lie on the 40 ms grid');
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /orator_info\{[^}]*pack="sadtalker",provider="cpu"\} 1/);
      assert.match(metrics, /orator_batch_frames_count [1-9]/);
      await viewer.close();
    } finally {
      await server.close();
    }
  });

  it('makes films in every cut, with turned heads where angles are given', { timeout: 120_000 }, async () => {
    for (const preprocess of PREPROCESS_MODES) {
      const { frames, width, height } = await renderFilm(film(`${preprocess}.mp4`, { settings: { ...settings, preprocess }, anglesDeg: preprocess === 'full' ? { yaw: [0, 20, -20] } : {} }));
      assert.equal(frames, 5, preprocess);
      if (isFull(preprocess)) {
        assert.deepEqual([width, height], [hopper.width, hopper.height], 'pasted into the portrait');
      } else {
        assert.equal(width, MINI_SIZE, 'the cut alone');
      }
    }
  });

  it('moves the head and the eyes as reference videos do', { timeout: 60_000 }, async () => {
    const cut = { settings: { ...settings, preprocess: 'crop' } } as const;
    assert.equal((await renderFilm(film('referenced.mp4', { ...cut, poseVideo: hopperPicture, blinkVideo: hopperPicture }))).frames, 5);
    await assert.rejects(renderFilm(film('broken.mp4', { ...cut, poseVideo: join(folder, 'short.wav') })), isCode('unreadable_media'));
  });

  it('is unknown to a server that has not imported it', async () => {
    await using server = await OratorServer.create(parseConfig({ server: { port: 0 }, avatars: { folder }, sadtalker: { folder: join(folder, 'nowhere') } }), pino({ level: 'silent' }));
    const answer = await server.app.inject({ method: 'POST', url: '/v1/sessions', headers: { host: 'localhost:8080' }, payload: { pack: 'sadtalker' } });
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.json<{ error: { code: string } }>().error.code, 'unknown_pack');
  });
});
