import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { AvatarStore } from '../../src/avatars/avatar-store.ts';
import { addAvatarRoutes } from '../../src/server/avatar-routes.ts';
import { parseConfig } from '../../src/server/config.ts';
import { addErrorReplies } from '../../src/server/error-replies.ts';

/** Portrait routes over a store that takes whatever comes, beside a route that tells what kind of body came. */
function routes(t: TestContext): { app: FastifyInstance; taken: number[] } {
  const taken: number[] = [];
  const avatars = { add: (bytes: Uint8Array) => { taken.push(bytes.length); return Promise.resolve({ id: 'new' }); } } as unknown as AvatarStore;
  const app = Fastify();
  addErrorReplies(app);
  addAvatarRoutes(app, { avatars, config: parseConfig({ avatars: { maxUploadMb: 1 } }) });
  app.post('/elsewhere', (request) => ({ body: typeof request.body }));
  t.after(() => app.close());
  return { app, taken };
}

test('only the address of portraits takes a picture for a body', async (t) => {
  const { app, taken } = routes(t);
  const payload = Buffer.alloc(500_000);
  for (const type of ['image/png', 'application/octet-stream']) {
    const headers = { 'content-type': type };
    assert.equal((await app.inject({ method: 'POST', url: '/v1/avatars', headers, payload })).statusCode, 201);
    const refused = await app.inject({ method: 'POST', url: '/elsewhere', headers, payload });
    assert.deepEqual([refused.statusCode, refused.json<{ error: { code: string } }>().error.code], [415, 'unsupported_media_type']);
  }
  assert.deepEqual(taken, [500_000, 500_000]);
});
