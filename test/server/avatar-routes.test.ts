import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
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
  const app = Fastify({ forceCloseConnections: true });
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

test('the default portrait cannot be deleted', async (t) => {
  const { app } = routes(t);
  const refused = await app.inject({ method: 'DELETE', url: '/v1/avatars/astronaut' });
  assert.deepEqual([refused.statusCode, refused.json<{ error: { code: string } }>().error.code], [409, 'avatar_protected']);
});

test('eight portraits may be on their way at once, and whoever breaks off makes room', async (t) => {
  const { app, taken } = routes(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const begun: Socket[] = [];
  t.after(() => { begun.forEach((socket) => socket.destroy()); });
  const post = async (): Promise<Response> => fetch(`http://127.0.0.1:${port}/v1/avatars`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: new Uint8Array(10) });
  for (let upload = 0; upload < 8; upload++) {
    const socket = connect(port, '127.0.0.1');
    begun.push(socket);
    socket.on('error', () => undefined);
    const arrived = once(app.server, 'request');
    socket.write('POST /v1/avatars HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nthe beginning');
    await arrived;
  }
  const refused = await post();
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal((await refused.json() as { error: { code: string } }).error.code, 'rate_limited');
  begun[0]!.destroy();
  while ((await post()).status === 429) {
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  for (let upload = 0; upload < 10; upload++) {
    assert.equal((await post()).status, 201, 'answered ones do not count');
  }
  assert.ok(taken.length > 10);
});

test('the default portrait is listed first, the others in their order', async (t) => {
  const app = Fastify({ forceCloseConnections: true });
  t.after(() => app.close());
  const avatars = { list: () => ['a', 'b', 'c'].map((id) => ({ id })) } as unknown as AvatarStore;
  addAvatarRoutes(app, { avatars, config: parseConfig({ avatars: { default: 'b' } }) });
  const listed = (await app.inject('/v1/avatars')).json<{ avatars: { id: string }[] }>().avatars;
  assert.deepEqual(listed.map(({ id }) => id), ['b', 'a', 'c']);
});
