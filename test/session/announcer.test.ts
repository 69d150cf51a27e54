import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../src/base/emitter.ts';
import { AvatarError } from '../../src/base/errors.ts';
import { Announcer } from '../../src/session/announcer.ts';
import type { SpeechLine, SpeechLineEvents } from '../../src/session/speech-line.ts';
import type { ServerMessage } from '../../src/transport/messages.ts';

const FIGURES = { framesInFlight: 0, videoBitrateBps: 900_000, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0, framesSent: 0, bytesSent: 0 };

function announce(): { announcer: Announcer; events: Emitter<SpeechLineEvents>; told: ServerMessage[] } {
  const events = new Emitter<SpeechLineEvents>((error) => { throw error; });
  const told: ServerMessage[] = [];
  const announcer = new Announcer({ tell: (message) => { told.push(message); }, speech: { events, queuedMs: 120.4 } as unknown as SpeechLine });
  return { announcer, events, told };
}

test('a session that waits for its viewer is idle to the client', () => {
  const { announcer, told } = announce();
  announcer.state('waiting', 'push');
  announcer.state('listening', 'mirror');
  assert.deepEqual(told, [
    { type: 'session.state', state: 'idle', mode: 'push' }, { type: 'session.state', state: 'listening', mode: 'mirror' },
  ]);
});

test('figures tell the frames since the last figures, and how long fresh speech took', () => {
  const { announcer, events, told } = announce();
  announcer.figures({ ...FIGURES, framesSent: 20 });
  events.emit('started', { id: 'a', waitedMs: 234.6, fresh: true });
  events.emit('started', { id: 'b', waitedMs: 4000, fresh: false });
  announcer.figures({ ...FIGURES, framesSent: 45 });
  assert.deepEqual(told.filter(({ type }) => type === 'stats'), [
    { type: 'stats', framesPerSecond: 20, speechToFrameMs: null, bitrateBps: 900_000, queuedMs: 120 },
    { type: 'stats', framesPerSecond: 25, speechToFrameMs: 235, bitrateBps: 900_000, queuedMs: 120 },
  ]);
  assert.equal(announcer.speechToFrameMs, 235, 'speech that waited for other speech says nothing about the pipeline');
});

test('an utterance is told from its window to its end, and a text that could not be spoken', () => {
  const { events, told } = announce();
  events.emit('window', { id: 'a', windowMs: 5000 });
  events.emit('started', { id: 'a', waitedMs: 200, fresh: true });
  events.emit('ended', { id: 'a', playedMs: 300, interrupted: true });
  events.emit('failed', { id: 'b', error: new AvatarError('speech_engine_failed', 'No.') });
  assert.deepEqual(told, [
    { type: 'speech.window', id: 'a', windowMs: 5000 }, { type: 'speech.started', id: 'a' },
    { type: 'speech.ended', id: 'a', playedMs: 300, interrupted: true }, { type: 'error', code: 'speech_engine_failed', message: 'No.', id: 'b' },
  ]);
});

test('the viewer\'s voice, a broken stage and the end are told', () => {
  const { announcer, told } = announce();
  announcer.voice(true);
  announcer.voice(false);
  announcer.failed();
  announcer.ended('failed');
  assert.deepEqual(told.map((message) => (message.type === 'error' ? message.code : message.type)), ['vad.started', 'vad.ended', 'session_failed', 'session.ended']);
});
