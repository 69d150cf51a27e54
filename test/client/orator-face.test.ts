import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { WebSocket } from 'ws';
import type { OratorFace } from '../../client/orator-face.ts';
import { BrowserHarness } from './browser-harness.ts';

/** What happened on an element, collected in its page. */
interface Happened {
  readonly type: string;
  readonly id?: string;
  readonly code?: string;
  readonly playedMs?: number;
  readonly interrupted?: boolean;
}

declare global {
  /** The first element of the page. */
  var face: OratorFace;
  var happened: Happened[];
}

/** A script of the embedding page: two elements and the events of the first. */
const SCRIPT = `
import './orator.js';
globalThis.face = document.querySelector('orator-face');
globalThis.happened = [];
for (const type of ['speech.started', 'speech.ended', 'error', 'failed', 'vad.started']) {
  face.addEventListener(type, ({ detail }) => { happened.push({ ...detail, type, ...(detail.code && { code: detail.code }) }); });
}
`;

const page = (body: string): string => `<!doctype html><html lang="en"><title>Elsewhere</title><script type="module" src="page.js"></script><div id="first">${body}</div><div id="second"></div></html>`;

/** Another origin: a page that embeds the face, with a strict security policy and without referrer. */
const elsewhere = createServer();
let origin: string;
let harness: BrowserHarness;

before(async () => {
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  harness = await BrowserHarness.start([origin]);
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('../../client/orator.ts', import.meta.url))], bundle: true, write: false, format: 'esm', target: 'es2022',
  });
  const library = bundle.outputFiles[0]?.text ?? '';
  elsewhere.on('request', ({ url }, reply) => {
    const { pathname, searchParams } = new URL(url ?? '/', origin);
    const isScript = pathname.endsWith('.js');
    const socket = harness.url.replace('http', 'ws');
    reply.writeHead(200, {
      'content-type': isScript ? 'text/javascript' : 'text/html',
      'content-security-policy': `default-src 'none'; script-src 'self'; connect-src ${harness.url} ${socket}; img-src 'self' ${harness.url}`,
      'referrer-policy': 'no-referrer',
    });
    reply.end(pathname === '/orator.js' ? library : isScript ? SCRIPT : page((searchParams.get('faces') ?? '').replaceAll('SERVER', harness.url)));
  });
});

after(async () => {
  await harness.close();
  elsewhere.close();
  elsewhere.closeAllConnections();
});

const embedding = (...faces: string[]): string => `${origin}/?faces=${encodeURIComponent(faces.map((attributes) => `<orator-face server="SERVER" ${attributes}></orator-face>`).join(''))}`;

async function live(opened: Page, faces = 1): Promise<void> {
  await opened.waitForFunction((count) => document.querySelectorAll('orator-face[state=live]').length === count, faces);
}

async function eventsOf(opened: Page, type: string, count = 1): Promise<Happened[]> {
  await opened.waitForFunction(([name, least]) => happened.filter((one) => one.type === name).length >= least, [type, count] as const);
  return opened.evaluate((name) => happened.filter((one) => one.type === name), type);
}

test('two faces on a page of another origin, with a strict policy, are two sessions', async (t) => {
  const { page: opened, complaints } = await harness.open(t, embedding('autoplay avatar="hopper"', 'autoplay'));
  await live(opened, 2);
  assert.equal(harness.server.sessions.size, 2);
  await opened.click('body');
  const id = await opened.evaluate(() => face.speak('Good morning.'));
  assert.deepEqual((await eventsOf(opened, 'speech.ended')).map(({ id: ended, interrupted }) => [ended, interrupted]), [[id, false]]);
  const [box, picture] = await opened.evaluate(() => [face.clientWidth / face.clientHeight, (face.client?.session.width ?? 0) / (face.client?.session.height ?? 1)] as const);
  assert.ok(Math.abs(box - picture) < 0.01, `the element is ${box} and its picture ${picture}`);
  assert.deepEqual(complaints, []);
});

test('a face that is moved keeps its session, one that is taken out ends it, and one that is put back begins anew', async (t) => {
  const { page: opened, complaints } = await harness.open(t, embedding('autoplay'));
  await live(opened);
  const session = (): Promise<string | undefined> => opened.evaluate(() => face.client?.session.id);
  const first = await session();
  await opened.evaluate(() => { document.querySelector('#second')?.append(face); });
  await opened.waitForFunction(() => face.shadowRoot?.querySelector('video')?.paused === false);
  assert.equal(await session(), first);
  await opened.evaluate(() => { face.remove(); });
  await harness.waitForSessions(0, 3000);
  await opened.evaluate(() => { document.querySelector('#first')?.append(face); });
  await live(opened);
  assert.notEqual(await session(), first);
  await opened.evaluate(() => { face.setAttribute('avatar', 'hopper'); });
  await opened.waitForFunction(() => face.client?.session.avatar === 'hopper');
  assert.equal(harness.server.sessions.size, 1);
  assert.deepEqual(complaints, []);
});

test('a face that cannot be had says why, and one that can be had is there as soon as it is asked for', async (t) => {
  const { page: opened } = await harness.open(t, embedding('avatar="nobody"'));
  await opened.evaluate(() => face.start());
  assert.deepEqual((await eventsOf(opened, 'failed')).map(({ code }) => code), ['unknown_avatar']);
  assert.equal(await opened.getAttribute('orator-face', 'state'), 'ready');
  assert.equal(harness.server.sessions.size, 0);
  await opened.evaluate(() => { face.setAttribute('avatar', 'hopper'); });
  assert.equal(await opened.getAttribute('orator-face', 'state'), 'ready', 'nobody asked for a session yet');
  await opened.evaluate(() => { face.toggleAttribute('autoplay', true); });
  await live(opened);
  assert.equal(await opened.evaluate(() => face.client?.session.avatar), 'hopper');
});

test('what a speech engine delivers after an interrupt is dropped without a complaint, and the next speech is heard', async (t) => {
  const { page: opened } = await harness.open(t, embedding('autoplay'));
  await live(opened);
  const taken = await opened.evaluate(async () => {
    const client = face.client;
    if (client === null) {
      throw new Error('no session');
    }
    const piece = Float32Array.from({ length: 480 }, (_, index) => 0.3 * Math.sin(index * 0.06));
    const first = client.startPcm(24_000);
    const before = [client.pushPcm(piece)];
    // The engine is well ahead of what is heard.
    for (let index = 0; index < 100; index++) {
      client.pushPcm(piece, first);
    }
    await new Promise<void>((resolve) => { client.on('speech.started', () => { resolve(); }); });
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    client.interrupt();
    const after = [client.pushPcm(piece), client.pushPcm(piece, first)];
    client.endPcm(first);
    const second = client.startPcm(24_000);
    const late = [client.pushPcm(piece, first), client.pushPcm(piece, second)];
    client.endPcm(first);
    for (let index = 0; index < 20; index++) {
      client.pushPcm(piece, second);
    }
    client.endPcm();
    return { before, after, late, ids: [first, second] };
  });
  assert.deepEqual([taken.before, taken.after, taken.late], [[true], [false, false], [false, true]]);
  const [cut, whole] = await eventsOf(opened, 'speech.ended', 2);
  assert.deepEqual([cut?.id, cut?.interrupted, whole?.id, whole?.interrupted], [taken.ids[0], true, taken.ids[1], false]);
  assert.ok((cut?.playedMs ?? 0) > 100 && (cut?.playedMs ?? 0) < 1500, `${cut?.playedMs} of 2020 ms were heard`);
  assert.equal(whole?.playedMs, 420);
  assert.deepEqual(await opened.evaluate(() => happened.filter(({ type }) => type === 'error')), []);
});

test('a session that another program created and controls is shown, and only that', async (t) => {
  const created = await (await fetch(`${harness.url}/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).json() as { id: string; streamUrl: string };
  const control = new WebSocket(new URL(created.streamUrl, harness.url.replace('http', 'ws')));
  const told: Happened[] = [];
  control.on('message', (data: Buffer) => { told.push(JSON.parse(data.toString()) as Happened); });
  await once(control, 'open');
  const { page: opened, complaints } = await harness.open(t, embedding(`autoplay session="${created.id}"`));
  await live(opened);
  assert.deepEqual([harness.server.sessions.size, await opened.evaluate(() => face.client?.session.id)], [1, created.id]);
  await opened.evaluate(() => face.speak('I may not.'));
  assert.deepEqual((await eventsOf(opened, 'error')).map(({ code }) => code), ['control_replaced']);
  control.send(JSON.stringify({ type: 'speak', text: 'I may.', id: 'mine' }));
  while (!told.some(({ type, id }) => type === 'speech.ended' && id === 'mine')) {
    await once(control, 'message');
  }
  await opened.evaluate(() => { face.remove(); });
  await harness.waitForSessions(0, 5000);
  assert.ok(told.some(({ type }) => type === 'session.ended'), 'the other program hears that the viewer left');
  assert.deepEqual(complaints, []);
});

test('the example with only the face shows it on the colour that was asked for, and comes back after a loss', async (t) => {
  const { page: opened, complaints } = await harness.open(t, '/examples/face.html?avatar=hopper&background=lime', { viewport: { width: 800, height: 400 } });
  await live(opened);
  assert.equal(await opened.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(0, 255, 0)');
  assert.deepEqual(await opened.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]), [800, 400]);
  const before = await opened.evaluate(() => document.querySelector<OratorFace>('#face')?.client?.session.id ?? '');
  await harness.server.sessions.get(before).end('failed');
  await opened.waitForFunction((old) => (document.querySelector<OratorFace>('#face')?.client?.session.id ?? old) !== old, before);
  assert.deepEqual(complaints, []);
});
