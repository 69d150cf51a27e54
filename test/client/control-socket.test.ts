import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import type { WebSocket as Peer } from 'ws';
import { ControlSocket } from '../../client/control-socket.ts';

async function listen(t: TestContext): Promise<{ server: WebSocketServer; url: URL }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.after(() => {
    server.clients.forEach((client) => { client.terminate(); });
    server.close();
  });
  return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`) };
}

test('messages and bytes go out, messages come in', async (t) => {
  const { server, url } = await listen(t);
  const received: unknown[] = [];
  server.on('connection', (peer: Peer) => {
    peer.on('message', (data: Buffer, isBinary) => {
      received.push(isBinary ? [...data] : JSON.parse(data.toString()));
      peer.send('{"type":"vad.started"}');
    });
  });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const socket = new ControlSocket(url, { onMessage: resolve, onLost: () => { assert.fail('nothing is lost'); }, onReplaced: () => undefined });
  assert.equal(socket.send({ type: 'interrupt' }), false, 'a socket that is not open yet takes nothing');
  await socket.open();
  assert.equal(socket.send({ type: 'interrupt' }), true);
  assert.equal(socket.sendBytes(Uint8Array.of(1, 0)), true);
  assert.deepEqual(await promise, { type: 'vad.started' });
  socket.close();
  await once([...server.clients][0]!, 'close');
  assert.deepEqual(received, [{ type: 'interrupt' }, [1, 0]]);
});

test('a socket that breaks is opened again', async (t) => {
  const { server, url } = await listen(t);
  const socket = new ControlSocket(url, { onMessage: () => undefined, onLost: () => { assert.fail('it comes back'); }, onReplaced: () => undefined });
  const [first] = await Promise.all([once(server, 'connection') as Promise<[Peer]>, socket.open()]);
  first[0].terminate();
  await once(server, 'connection');
  socket.close();
});

test('a socket that the server refuses is lost at once', async (t) => {
  const { server, url } = await listen(t);
  server.on('connection', (peer: Peer) => { peer.close(4000, 'unknown_session'); });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const socket = new ControlSocket(url, { onMessage: () => undefined, onLost: () => { resolve(undefined); }, onReplaced: () => undefined });
  await socket.open();
  await promise;
  assert.equal(socket.send({ type: 'interrupt' }), false);
});

test('a socket whose place another has taken stays closed, and is not taken for lost', async (t) => {
  const { server, url } = await listen(t);
  let connections = 0;
  server.on('connection', (peer: Peer) => {
    connections += 1;
    peer.close(4001, 'replaced');
  });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const socket = new ControlSocket(url, { onMessage: () => undefined, onLost: () => { assert.fail('the session lives'); }, onReplaced: () => { resolve(undefined); } });
  await socket.open();
  await promise;
  t.mock.timers.tick(10_000);
  await new Promise((done) => { setImmediate(done); });
  assert.equal(connections, 1);
  assert.equal(socket.send({ type: 'interrupt' }), false);
});

test('a server that does not answer rejects opening', async (t) => {
  const { server, url } = await listen(t);
  server.close();
  server.clients.forEach((client) => { client.terminate(); });
  const socket = new ControlSocket(url, { onMessage: () => undefined, onLost: () => undefined, onReplaced: () => undefined });
  await assert.rejects(socket.open(), /refused/);
  socket.close();
});
