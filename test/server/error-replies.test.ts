import assert from 'node:assert/strict';
import { test } from 'node:test';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { AvatarError } from '../../src/base/errors.ts';
import { addErrorReplies, replyError } from '../../src/server/error-replies.ts';

interface Failure { error: { code: string; message: string } }

async function failing(): Promise<FastifyInstance> {
  const app = Fastify({ frameworkErrors: replyError });
  await app.register(rateLimit, { max: 2, timeWindow: '1 minute', errorResponseBuilder: () => new AvatarError('rate_limited', 'Too many.') });
  addErrorReplies(app);
  app.post('/full', { config: { rateLimit: false } }, () => { throw new AvatarError('too_many_sessions', 'Full.'); });
  app.get('/limited', () => 'fine');
  app.get('/named/:id', () => 'fine');
  app.get('/teapot', () => { throw Object.assign(new Error('I am a teapot.'), { statusCode: 418 }); });
  return app;
}

test('whoever asks too often hears the real wait, whoever finds all taken a short one', async () => {
  await using app = await failing();
  for (let request = 0; request < 2; request++) {
    assert.equal((await app.inject('/limited')).statusCode, 200);
  }
  const limited = await app.inject('/limited');
  assert.equal(limited.statusCode, 429);
  assert.ok(Number(limited.headers['retry-after']) > 30, String(limited.headers['retry-after']));
  const full = await app.inject({ method: 'POST', url: '/full' });
  assert.deepEqual([full.statusCode, Number(full.headers['retry-after'])], [503, 5]);
});

test('an address that cannot be decoded is answered in the one form of all errors', async () => {
  await using app = await failing();
  const answer = await app.inject('/limited/%zz');
  assert.deepEqual([answer.statusCode, answer.json<Failure>().error.code], [400, 'invalid_request']);
});

test('a refused content type is answered with those that do', async () => {
  await using app = await failing();
  const answer = await app.inject({ method: 'POST', url: '/full', headers: { 'content-type': 'text/x-greeting' }, payload: 'hello' });
  const { code, message } = answer.json<Failure>().error;
  assert.equal(code, 'unsupported_media_type');
  for (const type of ['application/json', 'application/sdp', 'image/', 'application/octet-stream']) {
    assert.ok(message.includes(type), message);
  }
});

test('an id too long to be one, and whatever else Fastify refuses as the client\'s fault, is not answered as a fault of the server', async () => {
  await using app = await failing();
  const longId = await app.inject(`/named/${'a'.repeat(200)}`);
  assert.deepEqual([longId.statusCode, longId.json<Failure>().error.code], [404, 'not_found']);
  const refused = await app.inject('/teapot');
  assert.deepEqual([refused.statusCode, refused.json<Failure>().error.code], [400, 'invalid_request']);
});
