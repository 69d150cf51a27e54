import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { ControlChannel, MAX_MESSAGE_BYTES } from '../../src/transport/control-channel.ts';
import type { ControlChannelOptions } from '../../src/transport/control-channel.ts';
import type { ClientMessage, ServerMessage } from '../../src/transport/messages.ts';

/** A client and the channel of its WebSocket, over a real socket on a free port. */
class Pair {
  readonly messages: ClientMessage[] = [];
  readonly pcm: Uint8Array[] = [];
  readonly answers: ServerMessage[] = [];
  readonly closed: Promise<string>;
  readonly channel: ControlChannel;
  readonly client: WebSocket;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer, client: WebSocket, channel: ControlChannel) {
    this.#server = server;
    this.client = client;
    this.channel = channel;
    channel.events.on('message', (message) => { this.messages.push(message); });
    channel.events.on('pcm', (bytes) => { this.pcm.push(bytes); });
    this.closed = new Promise((resolve) => { channel.events.on('closed', ({ reason }) => { resolve(reason); }); });
    client.on('message', (data: Buffer) => { this.answers.push(JSON.parse(data.toString()) as ServerMessage); });
  }

  static async open(options: ControlChannelOptions & { autoPong?: boolean } = {}): Promise<Pair> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: MAX_MESSAGE_BYTES });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { autoPong: options.autoPong ?? true });
    const [[socket]] = await Promise.all([once(server, 'connection') as Promise<[WebSocket]>, once(client, 'open')]);
    return new Pair(server, client, new ControlChannel(socket, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.terminate();
    await this.channel.close();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    assert.ok(waitedMs < 5000, `${what} did not happen within 5 s`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

const errorCodes = (pair: Pair): string[] => pair.answers.flatMap((answer) => (answer.type === 'error' ? [answer.code] : []));

describe('a control channel', () => {
  test('refuses JSON of very many fields, objects or lists unread, and takes a text that is full of them', async (context) => {
    await using pair = await Pair.open();
    const parse = context.mock.method(JSON, 'parse');
    const many = [`{${Array.from({ length: 10_000 }, (_, index) => `"field${index}":1`).join(',')}}`, `[${'{},'.repeat(10_000)}{}]`, '['.repeat(10_000) + ']'.repeat(10_000)];
    many.forEach((message) => { pair.client.send(message); });
    await until(() => errorCodes(pair).length === many.length, 'the refusal');
    assert.deepEqual(errorCodes(pair), many.map(() => 'invalid_message'));
    assert.ok(parse.mock.calls.every(({ arguments: [text] }) => text.length < 1000), 'none was parsed');
    const text = '"\\[{'.repeat(10_000);
    pair.client.send(JSON.stringify({ type: 'speak', text }));
    await until(() => pair.messages.length === 1, 'the text');
    assert.deepEqual(pair.messages, [{ type: 'speak', text }]);
  });

  test('passes on messages and PCM, and sends messages', async () => {
    await using pair = await Pair.open();
    const messages: ClientMessage[] = [
      { type: 'speak', text: 'Hello', id: 'a' }, { type: 'audio.start', rateHz: 16_000 }, { type: 'audio.append', data: 'AAAAAA==' },
      { type: 'audio.end' }, { type: 'interrupt' }, { type: 'mode', mode: 'mirror' },
    ];
    for (const message of messages) {
      pair.client.send(JSON.stringify(message));
    }
    pair.client.send(Uint8Array.of(1, 2, 3, 4));
    await until(() => pair.pcm.length === 1, 'the arrival of PCM');
    assert.deepEqual(pair.messages, messages);
    assert.deepEqual(pair.pcm.map((bytes) => [...bytes]), [[1, 2, 3, 4]]);
    assert.equal(pair.channel.send({ type: 'vad.started' }), true);
    await until(() => pair.answers.length === 1, 'the arrival of an answer');
    assert.deepEqual(pair.answers, [{ type: 'vad.started' }]);
  });

  test('an answer to a message of many wrong fields names the first ones', async () => {
    await using pair = await Pair.open();
    pair.client.send(JSON.stringify({ type: 'interrupt', ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field${index}${'-'.repeat(100)}`, 1])) }));
    await until(() => pair.answers.length === 1, 'the arrival of an answer');
    const answer = pair.answers[0]!;
    assert.ok(answer.type === 'error' && answer.message.includes('field0') && answer.message.length < 400, JSON.stringify(answer).slice(0, 1000));
  });

  for (const [what, message, code] of [
    ['text that is no JSON', 'hello', 'invalid_message'],
    ['an unknown type', '{"type":"dance"}', 'invalid_message'],
    ['an unknown field', '{"type":"interrupt","now":true}', 'invalid_message'],
    ['no text', '{"type":"speak","text":""}', 'invalid_message'],
    ['a wrong mode', '{"type":"mode","mode":"x"}', 'invalid_message'],
    ['an array', '[]', 'invalid_message'],
    ['null', 'null', 'invalid_message'],
    ['a rate that is too low', '{"type":"audio.start","rateHz":7999}', 'invalid_rate'],
    ['a rate that is too high', '{"type":"audio.start","rateHz":48001}', 'invalid_rate'],
    ['data that is no base64', '{"type":"audio.append","data":"*"}', 'invalid_message'],
    ['half a sample as base64', '{"type":"audio.append","data":"AAAA"}', 'odd_byte_count'],
    ['half a sample as bytes', Uint8Array.of(1, 2, 3), 'odd_byte_count'],
  ] as const) {
    test(`answers ${what} with ${code} and goes on`, async () => {
      await using pair = await Pair.open();
      pair.client.send(message);
      pair.client.send('{"type":"interrupt"}');
      await until(() => pair.messages.length === 1 && pair.answers.length === 1, 'the answer');
      assert.deepEqual(errorCodes(pair), [code]);
      assert.ok(pair.answers.every((answer) => answer.type === 'error' && answer.message.length > 20));
      assert.deepEqual(pair.messages, [{ type: 'interrupt' }]);
    });
  }

  test('closes on whoever sends nothing but errors', async () => {
    await using pair = await Pair.open();
    for (let index = 0; index < 150; index++) {
      pair.client.send('nonsense');
    }
    assert.equal(await pair.closed, 'too_many_errors');
    assert.equal(errorCodes(pair).length, 100);
  });

  test('a message over the limit closes the WebSocket', async () => {
    await using pair = await Pair.open();
    const closing = once(pair.client, 'close') as Promise<[number]>;
    pair.client.send(new Uint8Array(MAX_MESSAGE_BYTES + 2));
    const [[code]] = await Promise.all([closing, pair.closed]);
    assert.equal(code, 1009);
    assert.equal(pair.pcm.length, 0);
  });

  test('reads a flood more slowly and loses nothing', async () => {
    await using pair = await Pair.open({ bytesPerSecond: 200_000, pingIntervalMs: 50 });
    const startMs = performance.now();
    for (let index = 0; index < 100; index++) {
      pair.client.send(new Uint8Array(10_000));
    }
    await until(() => pair.pcm.length === 100, 'the arrival of all messages');
    const tookMs = performance.now() - startMs;
    // 800 kB may come at once and what the socket has read already, then 200 kB a second.
    assert.ok(tookMs > 500, `1 MB came in ${tookMs} ms`);
  });

  test('closes on a client that does not read', async () => {
    await using pair = await Pair.open({ mostUnreadBytes: 100_000 });
    pair.client.pause();
    const message: ServerMessage = { type: 'error', code: 'internal', message: 'x'.repeat(50_000) };
    let sent = 0;
    while (pair.channel.send(message)) {
      sent += 1;
      assert.ok(sent < 2000, 'the channel never stops');
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    assert.equal(await pair.closed, 'too_slow');
    assert.equal(pair.channel.send(message), false);
  });

  test('drops a WebSocket that answers no ping, and keeps one that does', async () => {
    await using deaf = await Pair.open({ pingIntervalMs: 30, autoPong: false });
    await using lively = await Pair.open({ pingIntervalMs: 30 });
    assert.equal(await deaf.closed, 'no_answer');
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    assert.equal(lively.channel.send({ type: 'vad.ended' }), true);
  });

  test('says when the client left', async () => {
    await using pair = await Pair.open();
    pair.client.close(1000);
    assert.equal(await pair.closed, 'left_1000');
  });

  test('tells its client that a newer one has taken its place', async () => {
    await using pair = await Pair.open();
    const left = once(pair.client, 'close') as Promise<[number, Buffer]>;
    await pair.channel.replaced();
    const [code, reason] = await left;
    assert.deepEqual([code, reason.toString()], [4001, 'replaced']);
    assert.equal(await pair.closed, 'replaced');
    assert.equal(pair.channel.send({ type: 'vad.ended' }), false);
  });

  test('close is idempotent, delivers what was sent before and cuts a client that stays', async () => {
    const pair = await Pair.open();
    pair.channel.send({ type: 'session.ended', reason: 'done' });
    const closing = pair.channel.close();
    assert.equal(pair.channel.close(), closing);
    await closing;
    assert.equal(await pair.closed, 'closed');
    assert.deepEqual(pair.answers, [{ type: 'session.ended', reason: 'done' }]);
    await pair[Symbol.asyncDispose]();

    const stubborn = await Pair.open();
    stubborn.client.pause();
    await stubborn.channel.close();
    assert.equal(await stubborn.closed, 'closed');
    await stubborn[Symbol.asyncDispose]();
  });
});
