import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Avatar } from '../src/avatars/avatar.ts';
import { MelStream } from '../src/audio/mel-stream.ts';
import type { Microphone } from '../src/audio/microphone.ts';
import type { VoiceActivityDetector } from '../src/audio/voice-activity-detector.ts';
import { Emitter } from '../src/base/emitter.ts';
import { silentLogger } from '../src/base/logger.ts';
import type { MediaClock } from '../src/base/media-clock.ts';
import type { MelWindow } from '../src/base/mel-window.ts';
import { noStats } from '../src/base/stats.ts';
import type { FaceState } from '../src/motion/face-state.ts';
import type { SessionParts } from '../src/session/session-parts.ts';
import { SessionTally } from '../src/session/session-tally.ts';
import { Session } from '../src/session.ts';
import { SpeechLine } from '../src/session/speech-line.ts';
import type { ControlChannel, ControlChannelEvents } from '../src/transport/control-channel.ts';
import type { ClientMessage, ServerMessage } from '../src/transport/messages.ts';
import type { LinkFigures, ViewerLink, ViewerLinkEvents } from '../src/session/viewer-link.ts';

const rethrow = (error: unknown): never => { throw error; };

/** A clock that ticks when told. */
class HandClock {
  readonly #listeners = new Set<() => void>();

  get subscribers(): number {
    return this.#listeners.size;
  }

  subscribe(onTick: () => void): () => void {
    this.#listeners.add(onTick);
    return () => { this.#listeners.delete(onTick); };
  }

  tick(times: number): void {
    for (let time = 0; time < times; time++) {
      this.#listeners.forEach((onTick) => { onTick(); });
    }
  }
}

/** A link that keeps what it is given. */
class NoteLink {
  readonly events = new Emitter<ViewerLinkEvents>(rethrow);
  readonly windows: MelWindow[] = [];
  readonly states: FaceState[] = [];
  readonly voices: { loudest: number; quiet: boolean; mediaUs: number }[] = [];
  readonly figures: LinkFigures = { framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0, framesSent: 0, bytesSent: 0 };
  readonly interruptsUs: number[] = [];
  closed = 0;
  /** Thrown at the next frame. */
  fault: Error | undefined;

  startFrame(window: MelWindow, state: FaceState): void {
    if (this.fault !== undefined) {
      throw this.fault;
    }
    this.windows.push(window);
    this.states.push(state);
  }

  interrupt(mediaUs: number): void {
    this.interruptsUs.push(mediaUs);
  }

  send(voice: Float32Array, mediaUs: number, quiet: boolean): void {
    this.voices.push({ loudest: Math.max(...voice), quiet, mediaUs });
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

/** A session on a hand-driven clock, with its viewer connected. */
interface Room { readonly session: Session; readonly link: NoteLink; readonly told: ServerMessage[]; readonly say: (message: ClientMessage) => void; readonly pushTone: (ms: number) => void }

async function openRoom(clock: HandClock, parts: Partial<SessionParts> = {}): Promise<Room> {
  const link = new NoteLink();
  const session = await Session.open({
    id: 'room', avatar: { id: 'nobody' } as Avatar, voice: 'en', pack: 'built-in', mode: 'push', delayMs: 200, clock: clock as unknown as MediaClock,
    logger: silentLogger, stats: new SessionTally(noStats), mel: new MelStream(),
    voiceActivity: { events: new Emitter(rethrow), push: () => undefined, reset: () => undefined, close: () => Promise.resolve() } as unknown as VoiceActivityDetector,
    face: { close: () => Promise.resolve() },
    openMicrophone: () => rethrow(new Error('no microphone here')),
    openSpeech: () => SpeechLine.open({ textToSpeech: undefined, voice: 'en', maxTextChars: 100, maxQueuedMs: 5000, delayMs: 200, onListenerError: rethrow }),
    openLink: () => Promise.resolve({ link: link as unknown as ViewerLink, answerSdp: 'answer' }),
    ...parts,
  });
  const events = new Emitter<ControlChannelEvents>(rethrow);
  const told: ServerMessage[] = [];
  session.attach({ events, send: (message: ServerMessage) => { told.push(message); return true; }, close: () => Promise.resolve() } as unknown as ControlChannel);
  assert.equal(await session.connect('offer'), 'answer');
  link.events.emit('connected', undefined);
  return {
    session, link, told,
    say: (message) => { events.emit('message', message); },
    pushTone: (ms) => {
      const tone = Int16Array.from({ length: ms * 16 }, (_, sample) => 10_000 * Math.sin(sample / 10));
      events.emit('pcm', new Uint8Array(tone.buffer));
    },
  };
}

const named = (told: readonly ServerMessage[], type: ServerMessage['type']): ServerMessage[] => told.filter((message) => message.type === type);

test('sound leaves 200 ms after it came, with the frames of the same media time begun before', async () => {
  const clock = new HandClock();
  const { session, link, told, say, pushTone } = await openRoom(clock);
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(400);
  clock.tick(40);
  assert.equal(link.voices[0]?.mediaUs, 0);
  assert.ok(link.voices[1]!.loudest > 0.2);
  assert.equal(link.windows.at(-1)?.mediaUs, 640_000, '800 ms less 132.5 ms of look-ahead, whole frames');
  assert.ok(named(told, 'speech.started').length === 1);
  await session.close();
});

test('nothing of what was interrupted is heard afterwards, and the link is told at once', async () => {
  const clock = new HandClock();
  const { session, link, told, say, pushTone } = await openRoom(clock);
  let silencedAfterMs: number | undefined;
  session.events.on('silenced', ({ afterMs }) => { silencedAfterMs = afterMs; });
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(2000);
  clock.tick(40);
  say({ type: 'interrupt' });
  assert.deepEqual(link.interruptsUs, [800_000]);
  link.voices.length = 0;
  clock.tick(30);
  assert.ok(link.voices.slice(1).every(({ loudest, quiet }) => loudest === 0 && quiet), 'silent from the second packet on');
  link.events.emit('silenced', { afterMs: 20 });
  assert.equal(silencedAfterMs, 20);
  assert.deepEqual(named(told, 'speech.ended').map((message) => message.type === 'speech.ended' && message.interrupted), [true]);
  await session.close();
});

test('after an interrupt the voice counts as silent until what was said next is heard', async () => {
  const clock = new HandClock();
  const { session, link, say, pushTone } = await openRoom(clock);
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(1000);
  clock.tick(30);
  say({ type: 'interrupt' });
  say({ type: 'audio.start', rateHz: 16_000, id: 'b' });
  pushTone(400);
  link.voices.length = 0;
  clock.tick(15);
  assert.deepEqual(link.voices.map(({ quiet }) => quiet), Array.from({ length: 15 }, (_, tick) => tick < 10));
  assert.equal(session.state, 'speaking');
  await session.close();
});

test('the face speaks before its sound is heard and as long as that lasts, then rests', async () => {
  const clock = new HandClock();
  const { session, link, told, say, pushTone } = await openRoom(clock);
  clock.tick(20);
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(200);
  say({ type: 'audio.end' });
  clock.tick(40);
  const [first, last] = [link.states.indexOf('speaking'), link.states.lastIndexOf('speaking')];
  assert.ok(link.windows[first]!.mediaUs < 400_000, 'its first windows hold sound that comes only after their time');
  assert.ok(link.states.slice(first, last).every((state) => state === 'speaking'));
  const quietUs = link.windows[last + 1]!.mediaUs;
  assert.ok(quietUs >= 600_000 && quietUs <= 720_000, `${quietUs} µs`);
  assert.deepEqual(named(told, 'session.state').map((message) => message.type === 'session.state' && message.state), ['idle', 'idle', 'speaking', 'idle']);
  await session.close();
});

test('figures are told once a second', async () => {
  const clock = new HandClock();
  const { session, told } = await openRoom(clock);
  clock.tick(49);
  assert.equal(named(told, 'stats').length, 0);
  clock.tick(101);
  assert.equal(named(told, 'stats').length, 3);
  await session.close();
});

test('a microphone that is for something keeps a session active, as messages and speech do, and is told as listening', async () => {
  const clock = new HandClock();
  const { session, link, told, say, pushTone } = await openRoom(clock, { openMicrophone: () => ({ push: () => undefined, pull: () => new Float32Array(320), close: () => Promise.resolve() }) as unknown as Microphone });
  const advances = async (act: () => void): Promise<boolean> => {
    const { lastActiveMs } = session;
    await new Promise((resolve) => { setTimeout(resolve, 2); });
    act();
    clock.tick(1);
    return session.lastActiveMs > lastActiveMs;
  };
  const packet = { payload: new Uint8Array(1), sequenceNumber: 1, timestamp: 0 };
  assert.ok(!await advances(() => undefined));
  assert.ok(!await advances(() => { link.events.emit('microphonePacket', packet); }), 'the microphone is for nothing');
  assert.ok(await advances(() => { say({ type: 'mode', mode: 'listen' }); }));
  assert.ok(await advances(() => { link.events.emit('microphonePacket', packet); }));
  assert.equal(session.state, 'listening');
  assert.deepEqual(told.at(-1), { type: 'session.state', state: 'listening', mode: 'listen' });
  say({ type: 'mode', mode: 'push' });
  say({ type: 'audio.start', rateHz: 16_000 });
  assert.ok(await advances(() => { pushTone(20); }));
  await session.close();
});

test('a viewer that goes ends the session, and the reason says so', async () => {
  for (const [reason, told] of [['left', 'viewer_left'], ['vanished', 'viewer_vanished'], ['failed', 'viewer_failed'], ['closed', 'closed']] as const) {
    const room = await openRoom(new HandClock());
    const reasons: string[] = [];
    room.session.events.on('ended', (ended) => { reasons.push(ended.reason); });
    room.link.events.emit('closed', { reason });
    await room.session.close();
    assert.deepEqual(reasons, [told]);
  }
});

test('a fault in one session ends that session, and no other', async () => {
  const clock = new HandClock();
  const broken = await openRoom(clock);
  const healthy = await openRoom(clock);
  const reasons: string[] = [];
  broken.session.events.on('ended', ({ reason }) => { reasons.push(reason); });
  clock.tick(20);
  broken.link.fault = new Error('a broken stage');
  clock.tick(20);
  await broken.session.close();
  assert.deepEqual(reasons, ['failed']);
  assert.equal(broken.link.closed, 1);
  assert.equal(named(broken.told, 'session.ended').length, 1);
  assert.equal(healthy.link.voices.length, 30);
  assert.equal(clock.subscribers, 1);
  await healthy.session.close();
});

test('a session that nobody waits for and that does not close cleanly is logged, and the process goes on', async () => {
  const clock = new HandClock();
  for (const leave of [
    ({ link }: Room) => { link.events.emit('closed', { reason: 'left' }); },
    ({ session }: Room) => { void session.finish('server_stopped', { withinMs: 10_000 }).catch(() => undefined); },
  ]) {
    const logged: unknown[] = [];
    const room = await openRoom(clock, {
      face: { close: () => Promise.reject(new Error('stuck')) },
      logger: { ...silentLogger, error: (fields: object) => { logged.push(fields); } },
    });
    room.say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
    room.pushTone(100);
    room.say({ type: 'audio.end' });
    clock.tick(12);
    leave(room);
    clock.tick(60);
    await assert.rejects(room.session.close(), AggregateError);
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.equal(logged.length, 1);
  }
});

test('a session that is to finish speaks to its end, takes nothing new, then says why and closes', async () => {
  const clock = new HandClock();
  const { session, link, told, say, pushTone } = await openRoom(clock);
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(600);
  say({ type: 'audio.end' });
  clock.tick(15);
  const finished = session.finish('server_stopped', { withinMs: 10_000 });
  say({ type: 'audio.start', rateHz: 16_000, id: 'b' });
  assert.deepEqual(named(told, 'error').map((message) => message.type === 'error' && message.code), ['session_ended']);
  clock.tick(60);
  await finished;
  const [ended] = named(told, 'speech.ended');
  assert.ok(ended?.type === 'speech.ended' && !ended.interrupted && ended.playedMs === 600, JSON.stringify(ended));
  assert.deepEqual(told.at(-1), { type: 'session.ended', reason: 'server_stopped' });
  assert.equal(link.closed, 1);
});

test('a session that does not come to its end in time is ended all the same', async () => {
  const clock = new HandClock();
  const { session, told, say, pushTone } = await openRoom(clock);
  say({ type: 'audio.start', rateHz: 16_000, id: 'a' });
  pushTone(3000);
  clock.tick(20);
  await session.finish('server_stopped', { withinMs: 20 });
  assert.deepEqual(told.at(-1), { type: 'session.ended', reason: 'server_stopped' });
});

test('a silent session finishes at once', async () => {
  const clock = new HandClock();
  const { session, told } = await openRoom(clock);
  clock.tick(3);
  await session.finish('server_stopped', { withinMs: 10_000 });
  assert.deepEqual(told.at(-1), { type: 'session.ended', reason: 'server_stopped' });
});

test('the summary counts what the session did', async () => {
  const clock = new HandClock();
  const { session, say } = await openRoom(clock);
  clock.tick(50);
  say({ type: 'interrupt' });
  assert.deepEqual(session.summary, { avatar: 'nobody', pack: 'built-in', playedMs: 1000, framesSent: 0, bytesSent: 0, speechToFrameMs: null, interrupts: 1 });
  await session.close();
});
