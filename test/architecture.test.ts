import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_CATALOGUE } from '../src/base/errors.ts';
import { COMMANDS } from '../src/cli.ts';
import { CONFIG_KEYS } from '../src/server/config.ts';
import { METRICS } from '../src/server/metrics.ts';
import { clientMessageSchema, serverMessageSchema } from '../src/transport/messages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** First column's code words of the table under a heading. */
function tableKeys(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0];
  assert.ok(section !== undefined, `README has the heading "## ${heading}"`);
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
}

function assertSame(documented: readonly string[], real: readonly string[], what: string): void {
  assert.deepEqual([...documented].sort(), [...real].sort(), `README's table of ${what} and the code differ`);
}

async function sources(...folders: string[]): Promise<{ path: string; text: string }[]> {
  const files = await Promise.all(folders.map(async (folder) => (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).map((entry) => join(entry.parentPath, entry.name))));
  return Promise.all(files.flat().map(async (path) => ({ path: relative(root, path), text: await readFile(path, 'utf8') })));
}

test('README lists the rooms that exist', async () => {
  const rooms = (await readdir(join(root, 'src'), { withFileTypes: true })).filter((entry) => entry.isDirectory() && !['session', 'packs'].includes(entry.name)).map(({ name }) => name);
  assertSame(tableKeys('The house').filter((key) => !key.includes('.')), rooms, 'rooms');
});

test('README lists the error codes, metrics, settings, commands and messages that exist', () => {
  assertSame(tableKeys('Errors'), Object.keys(ERROR_CATALOGUE), 'errors');
  assertSame(tableKeys('Metrics'), Object.keys(METRICS), 'metrics');
  assertSame(tableKeys('Settings'), CONFIG_KEYS, 'settings');
  assertSame(tableKeys('Command line'), Object.values(COMMANDS).map(({ usage }) => `orator ${usage}`), 'commands');
  assertSame(tableKeys('Messages to the server'), clientMessageSchema.options.map((option) => option.shape.type.value), 'messages to the server');
  assertSame(tableKeys('Messages from the server'), serverMessageSchema.options.map((option) => option.shape.type.value), 'messages from the server');
});

test('README lists the HTTP routes that exist', async () => {
  const routes = (await sources('src/server')).flatMap(({ text }) => [...text.matchAll(/app\.(get|post|patch|delete)\('(\/[^']*)'/g)].map((match) => `${match[1]!.toUpperCase()} ${match[2]!}`));
  const documented = tableKeys('HTTP API').filter((key) => !key.startsWith('WebSocket'));
  for (const route of routes) {
    assert.ok(documented.includes(route), `${route} stands in README's table`);
  }
});

test('every error code is raised somewhere and every raised code exists', async () => {
  const text = (await sources('src')).filter(({ path }) => path !== 'src/base/errors.ts').map((file) => file.text).join('\n');
  const unused = Object.keys(ERROR_CATALOGUE).filter((code) => !text.includes(`'${code}'`));
  assert.deepEqual(unused, []);
});

test('README names every direct dependency and why it is there', async () => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  assertSame(tableKeys('Dependencies'), Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies }), 'dependencies');
});

test('no file is over 400 lines, and none has any, ts-ignore or a to-do', async () => {
  for (const { path, text } of await sources('src', 'client', 'loadtest', 'models')) {
    assert.ok(text.split('\n').length <= 401, `${path} is too long`);
    assert.doesNotMatch(text, /(:|<|as) any\b|@ts-(ignore|expect-error|nocheck)|\b(TODO|FIXME|XXX)\b/, path);
  }
});

test('at most five lint rules are switched off, each with a reason', async () => {
  const disables = (await sources('src', 'client', 'loadtest', 'models', 'test')).flatMap(({ path, text }) => [...text.matchAll(/eslint-disable[^\n]*/g)].map((match) => `${path}: ${match[0]}`))
    .filter((line) => !line.startsWith('test/architecture'));
  assert.ok(disables.length <= 5, disables.join('\n'));
  for (const line of disables) {
    assert.match(line, /--/, line);
  }
});

test('npm start runs the launcher, and install scripts are switched off', async () => {
  assert.match(await readFile(join(root, 'package.json'), 'utf8'), /"start": "node src\/orator\.js serve"/);
  assert.match(await readFile(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m);
});
