import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { Scope } from '../../src/base/scope.ts';
import { parseConfig } from '../../src/server/config.ts';
import { OratorServer } from '../../src/server/orator-server.ts';
import { ownAddressFor } from '../../src/transport/own-machine.ts';
import { mouthBox, probeScript } from './browser-harness.ts';
import { FIREFOX, Firefox } from './firefox.ts';
import type { FirefoxPage } from './firefox.ts';

const SKIP = { skip: whyNot() };

function whyNot(): string | false {
  if (FIREFOX === undefined) {
    return 'Firefox is not installed (on Debian: apt-get install firefox-esr)';
  }
  return ownAddressFor(true) === ownAddressFor(false) ? 'this machine has no network card, and Firefox does not use loopback' : false;
}

const SENTENCE = 'Hello there. My mama baked a big apple pie.';
const ENTER = '\uE007';
const ESCAPE = '\uE00C';

/** Longest wait for a session to end after its viewer left; now and then Firefox loses a page's last requests, and only hangs up. */
const FAREWELL_MS = 8000;

const scope = new Scope();
let server: OratorServer;
let firefox: Firefox;
let url: string;
let probe: string;

before(async () => {
  if (SKIP.skip !== false) {
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'orator-page-'));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const config = parseConfig({ server: { port: 0, requestsPerMinute: 10_000 }, avatars: { folder }, log: { level: 'error' } });
  server = scope.own(await OratorServer.create(config, pino({ level: 'error' })));
  url = await server.listen();
  probe = await probeScript();
  firefox = scope.own(await Firefox.launch());
});

after(() => scope.close());

/** Opens the page, presses start and waits for the first picture. */
async function startTalking(): Promise<FirefoxPage> {
  const page = await firefox.open(url, { script: probe });
  await page.waitFor('#start:enabled');
  await page.click('#start');
  await page.waitFor('#frame.has-video');
  await page.waitFor('body[data-state=idle]');
  return page;
}

async function say(page: FirefoxPage, text: string): Promise<void> {
  await page.click('#speech-text');
  await page.press(text + ENTER);
  await page.waitFor('body[data-state=speaking]');
}

/** The portrait of the page's session. */
async function avatarOf(page: FirefoxPage): Promise<Avatar> {
  const addresses = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  const id = addresses.map((address) => /sessions\/([\w-]+)\/webrtc$/.exec(address)?.[1]).findLast((found) => found !== undefined) ?? '';
  return server.sessions.get(id).avatar;
}

async function sessionEnds(): Promise<void> {
  for (let waitedMs = 0; server.sessions.size > 0; waitedMs += 50) {
    assert.ok(waitedMs < FAREWELL_MS, `${server.sessions.size} sessions are left after ${FAREWELL_MS} ms`);
    await wait(50);
  }
}

test('in Firefox, typed text is seen and heard, and the mouth moves with it', SKIP, async () => {
  const page = await startTalking();
  await page.evaluate((box) => { streamProbe.watch(document.querySelectorAll('video')[0]!, box); }, mouthBox(await avatarOf(page)));
  await wait(1000);
  const atRest = await page.evaluate(() => streamProbe.take());
  const before = await page.evaluate(() => streamProbe.carried());
  await say(page, SENTENCE);
  await page.waitFor('body[data-state=idle]');
  const speaking = await page.evaluate(() => streamProbe.take());
  const { audio, video } = await page.evaluate(() => streamProbe.carried());
  const widest = (samples: typeof speaking): number => Math.max(...samples.map(({ opening }) => opening));
  assert.ok(video.framesDecoded > before.video.framesDecoded + 20, `${before.video.framesDecoded} and then ${video.framesDecoded} pictures`);
  assert.equal(video.mimeType, 'video/VP8');
  assert.ok(audio.totalAudioEnergy > before.audio.totalAudioEnergy + 0.02, `sound energy ${before.audio.totalAudioEnergy}, then ${audio.totalAudioEnergy}`);
  assert.ok(atRest.length > 0 && widest(speaking) > widest(atRest) + 0.02, `the mouth opens by ${widest(speaking)}, at rest ${widest(atRest)}`);
  assert.deepEqual(page.complaints, []);
  await page.close();
  await sessionEnds();
});

test('in Firefox, Escape interrupts, and the microphone is listened to', SKIP, async () => {
  const page = await startTalking();
  await say(page, `${SENTENCE} ${SENTENCE} ${SENTENCE}`);
  await page.press(ESCAPE);
  await page.waitFor('body[data-state=idle]');
  // Firefox's own stand-in for a microphone, a tone: sound, but no voice.
  await page.click('#microphone-toggle');
  await page.waitFor('body[data-state=listening]');
  await wait(500);
  const { sent } = await page.evaluate(() => streamProbe.carried());
  assert.ok(sent.packetsSent > 0, 'its sound goes out');
  await page.click('#microphone-toggle');
  await page.waitFor('body[data-state=idle]');
  assert.deepEqual(page.complaints, []);
  await page.close();
  await sessionEnds();
});

test('in Firefox, a session ends when its viewer goes to another address, and the page works again', SKIP, async () => {
  const page = await startTalking();
  await page.goto(`${url}/favicon.svg`);
  await sessionEnds();
  await page.goto(url);
  await page.waitFor('#start:enabled');
  await page.click('#start');
  await page.waitFor('#frame.has-video');
  await page.click('#stop');
  await sessionEnds();
  await page.close();
});

test('in Firefox, the example that types text speaks', SKIP, async () => {
  const page = await firefox.open(`${url}/examples/speak.html`, { script: probe });
  await page.click('button');
  await page.waitFor('#status', 'speaking');
  assert.deepEqual(page.complaints, []);
  await page.close();
  await sessionEnds();
});

test('in Firefox, the example with only the face shows it, and the microphone goes to it', SKIP, async () => {
  const page = await firefox.open(`${url}/examples/face.html?avatar=hopper&microphone=listen`, { script: probe });
  await page.waitFor('orator-face[state=live]');
  let { video, sent } = await page.evaluate(() => streamProbe.carried());
  for (let tries = 0; tries < 100 && (video.framesDecoded <= 5 || sent.packetsSent === 0); tries++) {
    await wait(100);
    ({ video, sent } = await page.evaluate(() => streamProbe.carried()));
  }
  assert.ok(video.framesDecoded > 5 && sent.packetsSent > 0, `${video.framesDecoded} pictures, ${sent.packetsSent} packets of sound`);
  assert.deepEqual(page.complaints, []);
  await page.close();
  await sessionEnds();
});
