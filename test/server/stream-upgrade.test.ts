import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { Closeable } from '../../src/base/scope.ts';
import { parseConfig } from '../../src/server/config.ts';
import type { SessionRegistry } from '../../src/server/session-registry.ts';
import { addStreamUpgrade } from '../../src/server/stream-upgrade.ts';
import { MAX_MESSAGE_BYTES } from '../../src/transport/control-channel.ts';

/** Listens with no session at all, until the test ends; `debugged` collects what is logged. */
async function listening(t: TestContext): Promise<{ server: Server; streams: Closeable; debugged: string[] }> {
  const sessions = { get: () => { throw new AvatarError('unknown_session', 'There is none.'); } } as unknown as SessionRegistry;
  const server = createServer();
  const debugged: string[] = [];
  const streams = addStreamUpgrade(server, { sessions, config: parseConfig({}), logger: { ...silentLogger, debug: (_fields, message) => { debugged.push(message); } } });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => { server.close(); });
  return { server, streams, debugged };
}

/** Asks for a WebSocket by hand and returns the socket with the head of the answer. */
async function upgrade(t: TestContext, server: Server, path: string): Promise<{ socket: Socket; head: string }> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => { socket.destroy(); });
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  const [data] = await once(socket, 'data') as [Buffer];
  return { socket, head: data.toString('latin1') };
}

test('a broken or too large frame to an unknown session closes that WebSocket alone', async (t) => {
  const { server, debugged } = await listening(t);
  const tooLarge = [0x82, 0xff, ...new Uint8Array(new BigUint64Array([BigInt(MAX_MESSAGE_BYTES + 1)]).buffer).reverse(), 0, 0, 0, 0];
  for (const frame of [[0xff, 0xff, 0xff, 0xff], tooLarge]) {
    const { socket, head } = await upgrade(t, server, '/v1/sessions/none/stream');
    assert.match(head, /^HTTP\/1\.1 101 /);
    const closed = once(socket, 'close');
    socket.on('end', () => { socket.end(); });
    socket.resume().write(Uint8Array.from(frame));
    await closed;
  }
  assert.deepEqual(debugged, ['A WebSocket failed.', 'A WebSocket failed.']);
});

test('messages are not compressed: a small one could grow without bound', async (t) => {
  const { server } = await listening(t);
  const { head } = await upgrade(t, server, '/v1/sessions/none/stream');
  assert.match(head, /^HTTP\/1\.1 101 /);
  assert.doesNotMatch(head, /extensions/i);
});

test('a refused request for a WebSocket leaves no socket behind, though its client keeps its half open', async (t) => {
  const { server } = await listening(t);
  const { socket, head } = await upgrade(t, server, '/v1/elsewhere');
  assert.match(head, /^HTTP\/1\.1 404 /);
  socket.resume();
  const closed = once(server, 'close');
  server.close();
  await closed;
});

test('closing cuts a WebSocket whose client does not say goodbye', async (t) => {
  const { server, streams } = await listening(t);
  const { socket } = await upgrade(t, server, '/v1/sessions/none/stream');
  socket.resume();
  const closed = once(server, 'close');
  server.close();
  await streams.close();
  await closed;
});
