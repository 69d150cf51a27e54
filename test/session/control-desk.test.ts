import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../src/base/emitter.ts';
import { AvatarError } from '../../src/base/errors.ts';
import { ControlDesk } from '../../src/session/control-desk.ts';
import type { Command } from '../../src/session/control-desk.ts';
import type { ControlChannel, ControlChannelEvents } from '../../src/transport/control-channel.ts';
import type { ServerMessage } from '../../src/transport/messages.ts';

/** A WebSocket in the test's hands. */
class Wire {
  readonly events = new Emitter<ControlChannelEvents>((error) => { throw error; });
  readonly sent: ServerMessage[] = [];
  closed = 0;
  replaced = 0;

  get channel(): ControlChannel {
    return {
      events: this.events,
      send: (message: ServerMessage) => { this.sent.push(message); return true; },
      close: () => { this.closed += 1; return Promise.resolve(); },
      replaced: () => { this.replaced += 1; return Promise.resolve(); },
    } as unknown as ControlChannel;
  }
}

function openDesk(act: (command: Command) => void = () => undefined): { desk: ControlDesk; heard: number[][]; faults: unknown[] } {
  const heard: number[][] = [];
  const faults: unknown[] = [];
  const desk = new ControlDesk({ onCommand: act, onPcm: (samples) => { heard.push([...samples]); }, onFault: (error) => { faults.push(error); } });
  return { desk, heard, faults };
}

test('sound comes the same as bytes and as text, and every other message as a command', () => {
  const commands: Command[] = [];
  const { desk, heard } = openDesk((command) => { commands.push(command); });
  const wire = new Wire();
  desk.attach(wire.channel);
  const bytes = new Uint8Array(Int16Array.of(16_384, -32_768).buffer);
  wire.events.emit('pcm', bytes);
  wire.events.emit('message', { type: 'audio.append', data: Buffer.from(bytes).toString('base64') });
  wire.events.emit('message', { type: 'interrupt' });
  assert.deepEqual(heard, [[0.5, -1], [0.5, -1]]);
  assert.deepEqual(commands, [{ type: 'interrupt' }]);
});

test('what a client can act on it is told; anything else is the session\'s fault', () => {
  const errors = [new AvatarError('no_audio_started', 'Send audio.start.'), new AvatarError('unknown_voice', 'No such voice.'), new Error('broken')];
  const { desk, faults } = openDesk(() => { throw errors.shift() ?? new Error('not asked for'); });
  const wire = new Wire();
  desk.attach(wire.channel);
  wire.events.emit('message', { type: 'audio.end' });
  wire.events.emit('message', { type: 'speak', text: 'hello', id: 'a' });
  wire.events.emit('message', { type: 'audio.end' });
  assert.deepEqual(wire.sent, [
    { type: 'error', code: 'no_audio_started', message: 'Send audio.start.' },
    { type: 'error', code: 'unknown_voice', message: 'No such voice.', id: 'a' },
  ]);
  assert.deepEqual(faults.map(String), ['Error: broken']);
});

test('the newest WebSocket controls a session, and an older one that goes later takes nothing with it; none at all is fine', async () => {
  const { desk } = openDesk();
  desk.tell({ type: 'vad.started' });
  const [first, second] = [new Wire(), new Wire()];
  desk.attach(first.channel);
  desk.attach(second.channel);
  assert.deepEqual([first.replaced, second.replaced], [1, 0]);
  first.events.emit('closed', { reason: 'replaced' });
  desk.tell({ type: 'vad.started' });
  assert.deepEqual([first.sent.length, second.sent.length], [0, 1]);
  await desk.close();
  assert.deepEqual([first.closed, second.closed], [0, 1]);
  second.events.emit('closed', { reason: 'closed' });
  desk.tell({ type: 'vad.ended' });
  assert.equal(second.sent.length, 1);
});
