import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { addJsonBody } from '../../src/server/json-body.ts';

test('an empty JSON body counts as none, others are read as JSON', async () => {
  await using app = Fastify();
  addJsonBody(app);
  app.route({ method: ['POST', 'DELETE'], url: '/', handler: ({ body }) => ({ body: body === undefined ? 'none' : body }) });
  const headers = { 'content-type': 'application/json' };
  for (const method of ['POST', 'DELETE'] as const) {
    const empty = await app.inject({ method, url: '/', headers, payload: '' });
    assert.deepEqual([empty.statusCode, empty.json()], [200, { body: 'none' }], method);
    assert.deepEqual((await app.inject({ method, url: '/', headers })).json(), { body: 'none' }, method);
    assert.deepEqual((await app.inject({ method, url: '/', headers, payload: '{"a":[1]}' })).json(), { body: { a: [1] } }, method);
  }
  for (const payload of ['{"a":', '{"__proto__":1}']) {
    assert.equal((await app.inject({ method: 'POST', url: '/', headers, payload })).statusCode, 400, payload);
  }
});
