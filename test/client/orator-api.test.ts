import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { OratorApi, OratorError } from '../../client/orator-api.ts';

function answer(t: TestContext, response: () => Response): { requests: { url: string; init: RequestInit | undefined }[] } {
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  t.mock.method(globalThis, 'fetch', (url: URL, init?: RequestInit) => {
    requests.push({ url: url.href, init });
    return Promise.resolve().then(response);
  });
  return { requests };
}

const api = new OratorApi('http://server.test:8080');
const refusal = (code: string, message: string, init: ResponseInit): Response => Response.json({ error: { code, message } }, init);

test('an error of the server keeps its code, and its sentence says how long to wait', async (t) => {
  answer(t, () => refusal('too_many_sessions', 'All slots are taken. Try again after Retry-After seconds.', { status: 503, headers: { 'retry-after': '5' } }));
  await assert.rejects(api.createSession({}), (error: unknown) => error instanceof OratorError
    && error.code === 'too_many_sessions' && error.retryAfterS === 5 && error.message === 'All slots are taken. Try again after 5 seconds.');
  t.mock.reset();
  answer(t, () => refusal('rate_limited', 'Wait for Retry-After seconds.', { status: 429, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } }));
  await assert.rejects(api.createSession({}), { retryAfterS: null, message: 'Wait for some seconds.' });
});

test('an answer without an error body and no answer at all have codes of their own', async (t) => {
  answer(t, () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  await assert.rejects(api.listVoices(), { code: 'http_502', message: 'The server answered 502 Bad Gateway.', retryAfterS: null });
  t.mock.reset();
  answer(t, () => { throw new TypeError('fetch failed'); });
  await assert.rejects(api.listVoices(), { code: 'unreachable' });
});

test('ending a session that has ended is no error, another refusal is', async (t) => {
  answer(t, () => refusal('unknown_session', 'gone', { status: 404 }));
  await api.deleteSession('a');
  t.mock.reset();
  answer(t, () => refusal('internal', 'broken', { status: 500 }));
  await assert.rejects(api.deleteSession('a'), { code: 'internal' });
});

test('a page that goes away says so by beacon and once more with its origin', (t) => {
  const { requests } = answer(t, () => refusal('unknown_session', 'gone', { status: 404 }));
  const beacons: string[] = [];
  Object.defineProperty(navigator, 'sendBeacon', { value: (url: URL) => beacons.push(String(url)), configurable: true });
  t.after(() => { Reflect.deleteProperty(navigator, 'sendBeacon'); });
  api.abandonSession('a/b');
  assert.deepEqual(beacons, ['http://server.test:8080/v1/sessions/a%2Fb/end']);
  assert.deepEqual(requests.map(({ url, init }) => [url, init]), [[beacons[0], { method: 'POST', keepalive: true }]]);
});

test('a portrait is uploaded as it is, under the file\'s name without its ending', async (t) => {
  const { requests } = answer(t, () => Response.json({ id: 'x' }, { status: 201 }));
  const file = new File(['abc'], 'my face & me.jpg', { type: 'image/jpeg' });
  await api.uploadAvatar(file);
  assert.equal(requests[0]?.url, 'http://server.test:8080/v1/avatars?name=my%20face%20%26%20me');
  assert.deepEqual(requests[0].init, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: file });
});
