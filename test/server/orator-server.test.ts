import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import WebSocket from 'ws';
import { METRICS } from '../../src/server/metrics.ts';
import { parseConfig } from '../../src/server/config.ts';
import { OratorServer } from '../../src/server/orator-server.ts';

const portrait = await readFile(new URL('../../models/portraits/astronaut/portrait.jpg', import.meta.url)).catch(() => Buffer.alloc(0));
let folder: string;
let server: OratorServer;
let url: string;

interface Answer { status: number; body: Record<string, unknown>; headers: Record<string, unknown> }

/** Sends a request without a socket. */
async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await server.app.inject({
    method, url: path, headers: { host: 'localhost:8080', ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  const isJson = String(response.headers['content-type']).includes('json');
  return { status: response.statusCode, body: isJson ? response.json() : {}, headers: response.headers };
}

function assertError({ status, body }: Answer, expectedStatus: number, code: string): void {
  const { error } = body as { error: { code: string; message: string } };
  assert.equal(error.code, code);
  assert.equal(status, expectedStatus);
  assert.match(error.message, /^[A-Z].*\.$/s, 'the message is a sentence');
}

async function newSession(body = '{}'): Promise<{ id: string; webrtcUrl: string; streamUrl: string }> {
  const answer = await ask('POST', '/v1/sessions', body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body as { id: string; webrtcUrl: string; streamUrl: string };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orator-server-'));
  server = await OratorServer.create(parseConfig({
    server: { port: 0, requestsPerMinute: 10_000, allowedOrigins: ['https://app.example'] }, sessions: { max: 2, unconnectedS: 60 }, avatars: { folder, max: 2 }, speech: { maxTextChars: 50 },
  }), pino({ level: 'silent' }));
  url = await server.listen();
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test('the server says that it lives, is ready, and which voices it has', async () => {
  assert.equal((await ask('GET', '/healthz')).status, 200);
  assert.deepEqual((await ask('GET', '/readyz')).body, { status: 'ready', sessions: 0, max: 2 });
  const { voices } = (await ask('GET', '/v1/voices')).body as { voices: { id: string }[] };
  for (const id of ['en', 'cmn', 'yue']) {
    assert.ok(voices.some((voice) => voice.id === id), id);
  }
});

test('a request that trickles in is given up after a minute', () => {
  assert.equal(server.app.server.requestTimeout, 60_000);
});

test('the page and its script come with a policy that loads nothing from elsewhere', async () => {
  for (const [path, type] of [['/', 'text/html'], ['/main.js', 'text/javascript'], ['/styles.css', 'text/css'], ['/examples/speak.html', 'text/html']] as const) {
    const answer = await ask('GET', path);
    assert.equal(answer.status, 200, path);
    assert.ok(String(answer.headers['content-type']).startsWith(type), path);
    assert.match(String(answer.headers['content-security-policy']), /default-src 'self'/);
  }
});

test('a wish that only another pack can fulfil is refused by name', async () => {
  const answer = await ask('POST', '/v1/sessions', '{"lookAheadFrames":4}');
  assertError(answer, 400, 'invalid_request');
  assert.match(JSON.stringify(answer.body), /lookAheadFrames is for the pack sadtalker/);
  for (const body of ['{"lookAheadFrames":14}', '{"poseStyle":46}', '{"style":"wild"}', '{"expressionScale":4}']) {
    assertError(await ask('POST', '/v1/sessions', body), 400, 'invalid_request');
  }
});

test('a session is created, described and deleted', async () => {
  const session = await newSession('{"avatar":"hopper","mode":"listen","voice":"yue","pack":"built-in"}');
  assert.match(session.webrtcUrl, new RegExp(session.id));
  const described = await ask('GET', `/v1/sessions/${session.id}`);
  assert.equal(described.body['state'], 'waiting');
  assert.equal(described.body['avatar'], 'hopper');
  assert.equal(described.body['mode'], 'listen');
  assert.equal((await ask('DELETE', `/v1/sessions/${session.id}`)).status, 204);
  assertError(await ask('GET', `/v1/sessions/${session.id}`), 404, 'unknown_session');
});

test('one session too many gets 503 with Retry-After, and a freed slot can be taken again', async () => {
  const sessions = [await newSession(), await newSession()];
  const refused = await ask('POST', '/v1/sessions', '{}');
  assertError(refused, 503, 'too_many_sessions');
  assert.ok(Number(refused.headers['retry-after']) > 0);
  assert.equal((await ask('GET', '/readyz')).status, 503);
  assert.equal((await ask('POST', `/v1/sessions/${sessions[0]!.id}/end`)).status, 204);
  sessions.push(await newSession());
  for (const { id } of sessions.slice(1)) {
    await ask('DELETE', `/v1/sessions/${id}`);
  }
});

test('what is wrong in a session request is named', async () => {
  assertError(await ask('POST', '/v1/sessions', '{"avatar":"nobody"}'), 404, 'unknown_avatar');
  assertError(await ask('POST', '/v1/sessions', '{"voice":"klingon-9"}'), 400, 'unknown_voice');
  assertError(await ask('POST', '/v1/sessions', '{"pack":"gold"}'), 400, 'unknown_pack');
  assertError(await ask('POST', '/v1/sessions', '{"mode":"sing"}'), 400, 'invalid_request');
  assertError(await ask('POST', '/v1/sessions', '{"colour":"red"}'), 400, 'invalid_request');
  assertError(await ask('POST', '/v1/sessions', '{"avatar":'), 400, 'invalid_request');
  assertError(await ask('POST', '/v1/sessions', 'hello', { 'content-type': 'text/x-greeting' }), 415, 'unsupported_media_type');
  assertError(await ask('POST', '/v1/sessions', `{"avatar":"${'a'.repeat(100_000)}"}`), 413, 'body_too_large');
  assertError(await ask('GET', '/v1/nothing'), 404, 'not_found');
  assert.equal(server.sessions.size, 0);
});

test('a broken offer, one without a codec we share and a broken candidate are refused, and the session stays', async () => {
  const { id, webrtcUrl } = await newSession();
  assertError(await ask('POST', webrtcUrl, 'this is no SDP', { 'content-type': 'application/sdp' }), 400, 'invalid_sdp');
  const onlyAv1 = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=video 9 UDP/TLS/RTP/SAVPF 45', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=recvonly', 'a=rtcp-mux', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, 'a=setup:actpass', 'a=rtpmap:45 AV1/90000', ''].join('\r\n');
  assertError(await ask('POST', webrtcUrl, onlyAv1, { 'content-type': 'application/sdp' }), 422, 'no_common_codec');
  assertError(await ask('PATCH', webrtcUrl, '{"candidate":7}'), 400, 'invalid_request');
  assertError(await ask('POST', webrtcUrl, 'x'.repeat(100_000), { 'content-type': 'application/sdp' }), 413, 'body_too_large');
  assert.equal((await ask('GET', `/v1/sessions/${id}`)).body['state'], 'waiting');
  await ask('DELETE', `/v1/sessions/${id}`);
});

test('a portrait is uploaded, listed, shown and deleted; those that come with the project stay', async () => {
  const flipped = await (await import('sharp')).default(portrait).flop().jpeg().toBuffer();
  const added = await ask('POST', '/v1/avatars?name=Mirror%20Eileen', flipped, { 'content-type': 'image/jpeg' });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  assert.equal(added.body['name'], 'Mirror Eileen');
  const id = String(added.body['id']);
  const { avatars } = (await ask('GET', '/v1/avatars')).body as { avatars: { id: string; builtIn: boolean; imageUrl: string }[] };
  assert.deepEqual(avatars.map((avatar) => avatar.id).sort(), ['astronaut', 'hopper', id].sort());
  const image = await ask('GET', `/v1/avatars/${id}/image`);
  assert.equal(image.headers['content-type'], 'image/jpeg');
  assert.equal((await ask('DELETE', `/v1/avatars/${id}`)).status, 204);
  assertError(await ask('DELETE', `/v1/avatars/${id}`), 404, 'unknown_avatar');
  assertError(await ask('DELETE', '/v1/avatars/astronaut'), 409, 'avatar_protected');
});

test('an upload that is no portrait is refused and leaves the store as it was', async () => {
  const { default: sharp } = await import('sharp');
  const grey = await sharp({ create: { width: 600, height: 600, channels: 3, background: 'grey' } }).png().toBuffer();
  assertError(await ask('POST', '/v1/avatars', grey, { 'content-type': 'image/png' }), 422, 'no_face');
  assertError(await ask('POST', '/v1/avatars', Buffer.from('GIF89a and then nothing'), { 'content-type': 'image/gif' }), 415, 'not_an_image');
  assertError(await ask('POST', '/v1/avatars', Buffer.alloc(0), { 'content-type': 'image/png' }), 415, 'not_an_image');
  assertError(await ask('POST', '/v1/avatars', '{}'), 415, 'not_an_image');
  assert.equal(((await ask('GET', '/v1/avatars')).body['avatars'] as unknown[]).length, 2);
});

test('a request for a strange host or from a strange page is refused, one from the own page is not', async () => {
  assertError(await ask('GET', '/v1/avatars', undefined, { host: 'evil.example' }), 403, 'forbidden_origin');
  assertError(await ask('POST', '/v1/sessions', '{}', { origin: 'https://evil.example' }), 403, 'forbidden_origin');
  assert.equal((await ask('GET', '/v1/avatars', undefined, { origin: 'http://localhost:8080' })).status, 200);
});

test('a page of an allowed origin may use the API, and read the headers that it needs', async () => {
  const headers = { host: 'localhost:8080', origin: 'https://app.example' };
  const preflight = await server.app.inject({ method: 'OPTIONS', url: '/v1/sessions', headers: { ...headers, 'access-control-request-method': 'DELETE' } });
  assert.equal(preflight.statusCode, 204);
  assert.match(String(preflight.headers['access-control-allow-methods']), /POST.*PATCH.*DELETE/);
  const answer = await ask('GET', '/v1/avatars', undefined, headers);
  assert.deepEqual(['access-control-allow-origin', 'access-control-expose-headers'].map((name) => answer.headers[name]), ['https://app.example', 'location, retry-after']);
});

test('metrics have every documented name', async () => {
  const text = (await server.app.inject({ method: 'GET', url: '/metrics', headers: { host: 'localhost' } })).body;
  for (const name of Object.keys(METRICS)) {
    assert.ok(text.includes(`# HELP ${name} `), name);
  }
  assert.match(text, /orator_sessions_rejected_total\{code="too_many_sessions"\} 1/);
  assert.match(text, /nodejs_eventloop_lag_seconds/);
});

/** Opens a session's WebSocket and collects what it says. */
async function openStream(streamUrl: string, headers: Record<string, string> = {}): Promise<{ socket: WebSocket; next: (type: string) => Promise<Record<string, unknown>> }> {
  const socket = new WebSocket(url.replace('http', 'ws') + streamUrl, { headers });
  const messages: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  socket.on('message', (data: Buffer) => { messages.push(JSON.parse(data.toString()) as Record<string, unknown>); wake(); });
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  return {
    socket,
    next: async (type) => {
      for (;;) {
        const at = messages.findIndex((message) => message['type'] === type);
        if (at >= 0) {
          return messages.splice(at, 1)[0]!;
        }
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    },
  };
}

test('the stream tells the state, answers each wrong message with its code and goes on', async () => {
  const { id, streamUrl } = await newSession();
  const { socket, next } = await openStream(streamUrl);
  const closed = new Promise((resolve) => { socket.once('close', resolve); });
  assert.deepEqual(await next('session.state'), { type: 'session.state', state: 'idle', mode: 'push' });
  for (const [message, code] of [
    ['no json', 'invalid_message'], ['{"type":"dance"}', 'invalid_message'], ['{"type":"audio.start","rateHz":4000}', 'invalid_rate'],
    ['{"type":"audio.end"}', 'no_audio_started'], [Buffer.alloc(4), 'no_audio_started'], [Buffer.alloc(3), 'odd_byte_count'],
    [`{"type":"speak","text":"${'a'.repeat(51)}"}`, 'text_too_long'], ['{"type":"speak","text":"hello","voice":"klingon-9"}', 'unknown_voice'],
  ] as const) {
    socket.send(message);
    assert.equal((await next('error'))['code'], code, String(message));
  }
  socket.send('{"type":"audio.start","rateHz":16000}');
  socket.send('{"type":"audio.start","rateHz":16000}');
  assert.equal((await next('error'))['code'], 'audio_already_started');
  socket.send('{"type":"mode","mode":"listen"}');
  assert.equal((await next('session.state'))['mode'], 'listen');
  await ask('DELETE', `/v1/sessions/${id}`);
  assert.equal((await next('session.ended'))['reason'], 'deleted');
  await closed;
});

test('more speech than may wait is refused without touching what waits', async () => {
  const { id, streamUrl } = await newSession();
  const { socket, next } = await openStream(streamUrl);
  socket.send('{"type":"audio.start","rateHz":8000}');
  for (let second = 0; second < 61; second++) {
    socket.send(Buffer.alloc(16_000));
  }
  assert.equal((await next('error'))['code'], 'speech_queue_full');
  socket.send('{"type":"interrupt"}');
  const ended = await next('speech.ended');
  assert.deepEqual([ended['interrupted'], ended['playedMs']], [true, 0]);
  await ask('DELETE', `/v1/sessions/${id}`);
});

test('a newer stream of a session takes the place of an older one', async () => {
  const { id, streamUrl } = await newSession();
  const first = await openStream(streamUrl);
  const closed = once(first.socket, 'close');
  const second = await openStream(streamUrl);
  const [code, reason] = await closed as [number, Buffer];
  assert.deepEqual([code, reason.toString()], [4001, 'replaced']);
  assert.equal((await second.next('session.state'))['state'], 'idle');
  second.socket.send('{"type":"mode","mode":"listen"}');
  assert.equal((await second.next('session.state'))['mode'], 'listen');
  await ask('DELETE', `/v1/sessions/${id}`);
  assert.equal((await second.next('session.ended'))['reason'], 'deleted');
});

test('a client that would rather speak HTTP/2 is answered as it asks, as curl and Java do', async () => {
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    get(`${url}/healthz`, { headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  assert.equal(answer, 200);
});

test('a stream of no session and one from a strange page are refused', async () => {
  const { id, streamUrl } = await newSession();
  const none = await openStream('/v1/sessions/none/stream');
  const closed = once(none.socket, 'close');
  assert.equal((await none.next('error'))['code'], 'unknown_session');
  const [code, reason] = await closed as [number, Buffer];
  assert.deepEqual([code, reason.toString()], [4000, 'unknown_session']);
  await assert.rejects(openStream(streamUrl, { origin: 'https://evil.example' }), /403/);
  await ask('DELETE', `/v1/sessions/${id}`);
});
