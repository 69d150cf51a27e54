import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { parseConfig } from '../../src/server/config.ts';
import { OratorServer } from '../../src/server/orator-server.ts';
import { TestViewer } from '../transport/test-viewer.ts';

let folder: string;
let server: OratorServer;
let url: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orator-restart-'));
  server = await OratorServer.create(parseConfig({ server: { port: 0 }, avatars: { folder } }), pino({ level: 'silent' }));
  url = await server.listen();
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: string, type: string): Promise<string> {
  const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body });
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  return text;
}

const ufragOf = (sdp: string): string => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1] ?? '';

/** Waits until so many more packets of picture and sound have come. */
async function moreMedia({ received }: TestViewer, packets: number): Promise<void> {
  const [video, audio] = [received.video.length, received.audio.length];
  for (let waited = 0; waited < 400; waited++) {
    if (received.video.length >= video + packets && received.audio.length >= audio + packets) {
      return;
    }
    await sleep(50);
  }
  assert.fail(`${received.video.length - video} packets of picture and ${received.audio.length - audio} of sound came, not ${packets}`);
}

test('an offer with new ICE credentials on a running session goes on with its picture and sound, and makes no other session', async () => {
  const session = JSON.parse(await post('/v1/sessions', '{}', 'application/json')) as { id: string; webrtcUrl: string };
  const viewer = new TestViewer({ video: ['vp8'], audio: 'recvonly' });
  try {
    const offer = await viewer.offer();
    const answer = await post(session.webrtcUrl, offer, 'application/sdp');
    await viewer.take(answer);
    await moreMedia(viewer, 20);
    const restartOffer = await viewer.offer({ iceRestart: true });
    assert.notEqual(ufragOf(restartOffer), ufragOf(offer));
    const restartAnswer = await post(session.webrtcUrl, restartOffer, 'application/sdp');
    assert.notEqual(ufragOf(restartAnswer), ufragOf(answer), 'the server restarts too');
    await viewer.take(restartAnswer);
    await moreMedia(viewer, 20);
    for (const packets of [viewer.received.video, viewer.received.audio]) {
      assert.equal(new Set(packets.map(({ header }) => header.ssrc)).size, 1, 'one stream, before and after');
    }
    assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: 'ready', sessions: 1, max: 8 });
    const { state } = await (await fetch(`${url}/v1/sessions/${session.id}`)).json() as { state: string };
    assert.equal(state, 'idle');
  } finally {
    await viewer.close();
  }
});
