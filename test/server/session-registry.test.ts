import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Emitter } from '../../src/base/emitter.ts';
import { AvatarError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { parseConfig } from '../../src/server/config.ts';
import type { Metrics } from '../../src/server/metrics.ts';
import { SessionRegistry } from '../../src/server/session-registry.ts';
import type { Session, SessionEvents, SessionState } from '../../src/session.ts';

const isCode = (code: string) => (error: unknown): boolean => error instanceof AvatarError && error.code === code;

/** A session that does nothing. */
class IdleSession {
  readonly events = new Emitter<SessionEvents>((error) => { throw error; });
  readonly id: string;
  readonly summary = {};
  readonly gauges = { queuedSpeechMs: 10, framesInFlight: 1, videoBitrateBps: 2, fractionLost: 0.1, roundTripMs: 20, avOffsetMs: 3 };
  state: SessionState = 'waiting';
  lastActiveMs = performance.now();
  /** Settles when what is being spoken is over. */
  spoken: Promise<void> = Promise.resolve();
  reason: string | undefined;

  constructor(id: string) {
    this.id = id;
  }

  end(reason: string): Promise<void> {
    this.reason ??= reason;
    this.events.emit('ended', { reason: this.reason });
    return Promise.resolve();
  }

  async finish(reason: string): Promise<void> {
    await this.spoken;
    await this.end(reason);
  }
}

/** A registry whose machine the test plays, and which looks at its sessions when the test says so. */
class Desk {
  readonly counted: string[] = [];
  /** What the admission was told of the sessions at each question, and how many ran at each measurement. */
  readonly asked: (readonly number[])[] = [];
  readonly running: number[] = [];
  readonly logged: string[] = [];
  readonly registry: SessionRegistry;
  hasRoom = true;
  #sessions = 0;

  constructor(t: TestContext, limits: Partial<ReturnType<typeof parseConfig>['sessions']> = {}) {
    mock.timers.enable({ apis: ['setInterval'] });
    t.after(() => { mock.timers.reset(); });
    const count = (name: string) => (label?: string | number): void => { this.counted.push(typeof label === 'string' ? `${name} ${label}` : name); };
    const metrics = { sessionStarted: count('started'), sessionEnded: count('ended'), sessionRejected: count('rejected'), speechToFrameMs: count('heard'), firstFrameMs: count('first frame'), interruptSilenceMs: count('silence') };
    this.registry = new SessionRegistry({
      limits: { ...parseConfig({}).sessions, ...limits }, metrics: metrics as unknown as Metrics, leftOutShare: () => 0.5,
      logger: { ...silentLogger, error: (_fields, message) => { this.logged.push(message); } },
      admission: {
        costCores: 0.25,
        measure: (sessions) => { this.running.push(sessions); },
        fits: ({ measured }) => {
          this.asked.push(measured);
          return this.hasRoom;
        },
      },
    });
  }

  async add(): Promise<IdleSession> {
    const session = new IdleSession(`s${this.#sessions++}`);
    await this.registry.add(() => Promise.resolve(session as unknown as Session));
    return session;
  }

  /** Lets seconds pass. */
  pass(seconds: number): void {
    mock.timers.tick(seconds * 1000);
  }
}

test('sessions are let in up to the most that are set, those being opened among them', async (t) => {
  const desk = new Desk(t, { max: 3 });
  const opening = Promise.withResolvers<Session>();
  const added = desk.registry.add(() => opening.promise);
  await desk.add();
  const last = await desk.add();
  assert.equal(desk.registry.size, 3);
  await assert.rejects(desk.add(), isCode('too_many_sessions'));
  opening.resolve(new IdleSession('slow') as unknown as Session);
  await added;
  await assert.rejects(desk.add(), isCode('too_many_sessions'));
  await last.end('deleted');
  await desk.add();
  assert.deepEqual(desk.counted.filter((one) => one !== 'started'), ['rejected too_many_sessions', 'rejected too_many_sessions', 'ended deleted']);
});

test('one that the machine has no room for is refused, and one that fails to open takes no place', async (t) => {
  const desk = new Desk(t);
  desk.hasRoom = false;
  await assert.rejects(desk.add(), isCode('overloaded'));
  desk.hasRoom = true;
  await assert.rejects(desk.registry.add(() => Promise.reject(new AvatarError('unknown_avatar', 'None.'))), isCode('unknown_avatar'));
  assert.equal(desk.registry.size, 0);
  assert.deepEqual(desk.counted, ['rejected overloaded', 'rejected unknown_avatar']);
});

test('a session costs nothing that shows until its viewer comes, however long that takes', async (t) => {
  const desk = new Desk(t);
  const [waiting, watched] = [await desk.add(), await desk.add()];
  watched.state = 'idle';
  desk.pass(20);
  await desk.add();
  assert.deepEqual(desk.asked.at(-1), [0, 20]);
  assert.deepEqual(desk.running, new Array<number>(20).fill(1));
  waiting.state = 'speaking';
  desk.pass(2);
  await desk.add();
  assert.deepEqual(desk.asked.at(-1), [2, 22, 0]);
});

test('a session without a viewer and one in which nothing happens are ended, each for its reason', async (t) => {
  const desk = new Desk(t, { unconnectedS: -1, idleS: 1 });
  const [waiting, idle, active] = [await desk.add(), await desk.add(), await desk.add()];
  idle.state = 'idle';
  idle.lastActiveMs -= 2000;
  active.state = 'speaking';
  desk.pass(1);
  assert.deepEqual([waiting.reason, idle.reason, active.reason], ['no_viewer', 'idle', undefined]);
  assert.equal(desk.registry.size, 1);
});

test('a session that lasts too long is ended, whatever happens in it', async (t) => {
  const desk = new Desk(t, { totalS: -1 });
  const old = await desk.add();
  old.state = 'speaking';
  desk.pass(1);
  assert.equal(old.reason, 'time_limit');
});

test('a session that does not close cleanly is logged, and cuts nobody short when the server stops', async (t) => {
  const desk = new Desk(t);
  const [broken, speaking] = [await desk.add(), await desk.add()];
  broken.end = () => Promise.reject(new Error('stuck'));
  const { promise, resolve } = Promise.withResolvers<undefined>();
  speaking.spoken = promise.then(() => undefined);
  let closed = false;
  const closing = desk.registry.close().then(() => { closed = true; });
  assert.equal(desk.registry.close(), desk.registry.close());
  await new Promise((done) => { setImmediate(done); });
  assert.deepEqual([closed, speaking.reason, desk.logged], [false, undefined, ['A session failed to close.']]);
  resolve(undefined);
  await closing;
  assert.equal(speaking.reason, 'server_stopped');
});

test('a session that is there only when the server stops is ended and refused', async (t) => {
  const desk = new Desk(t);
  const opening = Promise.withResolvers<Session>();
  const added = desk.registry.add(() => opening.promise);
  await desk.registry.close();
  const late = new IdleSession('late');
  opening.resolve(late as unknown as Session);
  await assert.rejects(added, isCode('too_many_sessions'));
  assert.equal(late.reason, 'server_stopped');
  await assert.rejects(desk.add(), isCode('too_many_sessions'));
  assert.ok(desk.registry.full);
  desk.pass(5);
  assert.deepEqual(desk.running, [], 'nobody looks any more');
});

test('figures are summed over sessions, or the worst of them is told', async (t) => {
  const desk = new Desk(t);
  const [first, second] = [await desk.add(), await desk.add()];
  first.state = 'speaking';
  second.gauges.roundTripMs = 90;
  assert.deepEqual(desk.registry.gauges(), {
    sessionsByState: { waiting: 1, idle: 0, listening: 0, speaking: 1 }, queuedSpeechMs: 20, framesInFlight: 2, videoBitrateBps: 4,
    fractionLost: 0.1, roundTripMs: 90, avOffsetMs: 3, costCores: 0.25, leftOutShare: 0.5,
  });
  assert.throws(() => desk.registry.get('nobody'), isCode('unknown_session'));
  assert.equal(desk.registry.get('s0').id, 's0');
});
