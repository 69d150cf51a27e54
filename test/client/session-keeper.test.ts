import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { OratorError } from '../../client/orator-api.ts';
import { OratorClient } from '../../client/orator-client.ts';
import { SessionKeeper } from '../../client/session-keeper.ts';

/** A client that only knows how to end. */
class QuietClient {
  closed = 0;
  #onEnded: (message: { reason: string }) => void = () => undefined;

  on(_type: string, listener: (message: { reason: string }) => void): void {
    this.#onEnded = listener;
  }

  end(reason: string): void {
    this.#onEnded({ reason });
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

function makeKeeper(t: TestContext, connect: () => Promise<QuietClient>): { keeper: SessionKeeper; links: string[]; codes: unknown[]; attempts: () => number } {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const connecting = t.mock.method(OratorClient, 'connect', connect as unknown as typeof OratorClient.connect);
  const links: string[] = [];
  const codes: unknown[] = [];
  const keeper = new SessionKeeper({
    request: () => ({}),
    onLink: ({ kind }) => { links.push(kind); },
    onError: (error) => { codes.push((error as { code?: string }).code ?? String(error)); },
  });
  return { keeper, links, codes, attempts: () => connecting.mock.callCount() };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await Promise.resolve();
  }
}

test('a lost session is replaced after a moment', async (t) => {
  const clients = [new QuietClient(), new QuietClient()];
  const { keeper, links, codes } = makeKeeper(t, () => Promise.resolve(clients[links.includes('retrying') ? 1 : 0]!));
  await keeper.start();
  clients[0]!.end('media_lost');
  assert.equal(keeper.client, null);
  t.mock.timers.tick(500);
  await settle();
  assert.equal(keeper.client, clients[1]);
  assert.deepEqual(links, ['connecting', 'live', 'retrying', 'connecting', 'live']);
  assert.deepEqual(codes, ['connection_lost']);
});

test('a session that ended for idleness is not replaced', async (t) => {
  const client = new QuietClient();
  const { keeper, links } = makeKeeper(t, () => Promise.resolve(client));
  await keeper.start();
  client.end('idle');
  assert.deepEqual(links, ['connecting', 'live', 'ready']);
});

test('a full server is asked again when it said to, a wrong request is not', async (t) => {
  const refusals = [new OratorError('too_many_sessions', 'full', 7), new OratorError('unknown_avatar', 'gone')];
  const { keeper, links, attempts } = makeKeeper(t, () => Promise.reject(refusals.shift() ?? new Error('asked too often')));
  assert.equal(await keeper.start(), null);
  t.mock.timers.tick(6999);
  await settle();
  assert.equal(attempts(), 1);
  t.mock.timers.tick(1);
  await settle();
  assert.equal(attempts(), 2);
  assert.deepEqual(links, ['connecting', 'retrying', 'connecting', 'ready']);
});

test('a server that stays away is given up after some attempts', async (t) => {
  const { keeper, links, attempts } = makeKeeper(t, () => Promise.reject(new OratorError('unreachable', 'away')));
  await keeper.start();
  for (let minute = 0; minute < 20; minute++) {
    t.mock.timers.tick(60_000);
    await settle();
  }
  assert.equal(attempts(), 7);
  assert.equal(links.at(-1), 'ready');
});

test('stop during connecting closes the client that comes too late', async (t) => {
  const client = new QuietClient();
  const { promise, resolve } = Promise.withResolvers<QuietClient>();
  const { keeper, links } = makeKeeper(t, () => promise);
  const starting = keeper.start();
  await keeper.stop();
  resolve(client);
  assert.equal(await starting, null);
  assert.equal(client.closed, 1);
  assert.deepEqual(links, ['connecting', 'ready']);
});

test('stop while waiting to try again takes the attempt back', async (t) => {
  const { keeper, attempts } = makeKeeper(t, () => Promise.reject(new OratorError('unreachable', 'away')));
  await keeper.start();
  await keeper.stop();
  t.mock.timers.tick(60_000);
  await settle();
  assert.equal(attempts(), 1);
});

test('starting twice at once opens one session', async (t) => {
  const { keeper, attempts } = makeKeeper(t, () => Promise.resolve(new QuietClient()));
  const [first, second] = await Promise.all([keeper.start(), keeper.start()]);
  assert.equal(first, second);
  assert.equal(attempts(), 1);
});
