import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AvatarError, ERROR_CATALOGUE, OratorServer, parseConfig, readConfig, renderFilm } from 'orator';
import type { Config, FilmOptions, SadTalkerFilm } from 'orator';
import { pino } from 'pino';

const speechFile = fileURLToPath(new URL('../loadtest/speech/cards-005.wav', import.meta.url));
let folder: string;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'orator-library-')); });
after(async () => { await rm(folder, { recursive: true, force: true }); });

test('a program makes a film by naming a portrait, a speech file and the film', async () => {
  const order: FilmOptions = { portrait: { avatar: 'hopper' }, speechFile, outFile: join(folder, 'film.mp4') };
  assert.equal((await renderFilm(order)).frames, 87);
});

test('a program runs a server with a few settings, and stops it', async () => {
  const config: Config = parseConfig({ server: { port: 0 }, avatars: { folder } });
  await using server = await OratorServer.create(config, pino({ level: 'silent' }));
  const url = await server.listen();
  const created = await fetch(`${url}/v1/sessions`, { method: 'POST' });
  assert.equal(created.status, 201);
  assert.equal(server.sessions.size, 1);
});

test('settings for networks come from those of the server, and errors have codes of the catalogue', async () => {
  const sadtalker: SadTalkerFilm = {
    settings: { ...parseConfig({}).sadtalker, folder: join(folder, 'none'), preprocess: 'crop' }, still: true, poseStyle: 0, expressionScale: 1, anglesDeg: {},
  };
  await assert.rejects(renderFilm({ portrait: { avatar: 'hopper' }, speechFile, outFile: join(folder, 'film.mp4'), sadtalker }), (error: unknown) => {
    assert.ok(error instanceof AvatarError && error.code === 'model_missing');
    return error.status === ERROR_CATALOGUE.model_missing.status;
  });
  await assert.rejects(readConfig(join(folder, 'none.yaml'), {}), AvatarError);
});
