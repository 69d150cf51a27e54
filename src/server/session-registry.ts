import { AvatarError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import type { Session } from '../session.ts';
import { Admission } from './admission.ts';
import type { Config } from './config.ts';
import type { Metrics, SessionGauges } from './metrics.ts';

/** How often limits of time are looked at, in milliseconds. */
const SWEEP_MS = 1000;

/** What a registry works with. */
export interface SessionRegistryParts {
  readonly limits: Config['sessions'];
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Tells the share of frames that sessions leave out under overload. */
  readonly leftOutShare: () => number;
  /** Says whether one more fits. Default: by what this machine has left. */
  readonly admission?: Pick<Admission, 'costCores' | 'fits' | 'measure'>;
}

interface Entry {
  readonly session: Session;
  readonly startedMs: number;
  /** How often the machine was measured while it had a viewer; without one it costs nothing yet. */
  measured: number;
}

/** Holds the sessions that live, keeps their number and their time within limits, and counts them. */
export class SessionRegistry implements Closeable {
  readonly #limits: Config['sessions'];
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #admission: Pick<Admission, 'costCores' | 'fits' | 'measure'>;
  readonly #leftOutShare: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #sweep: NodeJS.Timeout;
  #opening = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: SessionRegistryParts) {
    this.#limits = parts.limits;
    this.#leftOutShare = parts.leftOutShare;
    this.#admission = parts.admission ?? new Admission(parts.limits, performance.now());
    this.#metrics = parts.metrics;
    this.#logger = parts.logger;
    this.#sweep = setInterval(() => {
      this.#measure(performance.now());
      this.#endOverdue(performance.now());
    }, SWEEP_MS);
    this.#sweep.unref();
  }

  /** Sessions that live or are being opened. */
  get size(): number {
    return this.#entries.size + this.#opening;
  }

  /** True when no session more can be let in, whatever it costs. */
  get full(): boolean {
    return this.#closing !== undefined || this.size >= this.#limits.max;
  }

  /**
   * Opens a session in a free slot.
   * @throws AvatarError `too_many_sessions`, `overloaded`, and what opening throws.
   */
  async add(open: () => Promise<Session>): Promise<Session> {
    const waits = this.#opening;
    this.#opening += 1;
    try {
      this.#assertRoom(waits);
      const session = await open();
      if (this.#closing !== undefined) {
        await session.end('server_stopped');
        throw new AvatarError('too_many_sessions', 'The server is stopping and takes no new session. Try again after Retry-After seconds.');
      }
      this.#keep(session);
      return session;
    } catch (error) {
      this.#metrics.sessionRejected(error instanceof AvatarError ? error.code : 'internal');
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  /** Returns a living session. @throws AvatarError `unknown_session`. */
  get(id: string): Session {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new AvatarError('unknown_session', `There is no session ${id.slice(0, 64)}, or it has ended. Create a new one.`);
    }
    return entry.session;
  }

  /** Sums over all sessions. */
  gauges(): SessionGauges {
    const sessionsByState: Record<string, number> = { waiting: 0, idle: 0, listening: 0, speaking: 0 };
    const sums = { queuedSpeechMs: 0, framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0 };
    for (const { session } of this.#entries.values()) {
      const { state, gauges } = session;
      sessionsByState[state] = (sessionsByState[state] ?? 0) + 1;
      sums.queuedSpeechMs += gauges.queuedSpeechMs;
      sums.framesInFlight += gauges.framesInFlight;
      sums.videoBitrateBps += gauges.videoBitrateBps;
      sums.fractionLost = Math.max(sums.fractionLost, gauges.fractionLost);
      sums.roundTripMs = Math.max(sums.roundTripMs, gauges.roundTripMs);
      sums.avOffsetMs = Math.max(sums.avOffsetMs, gauges.avOffsetMs);
    }
    return { sessionsByState, ...sums, costCores: this.#admission.costCores, leftOutShare: this.#leftOutShare() };
  }

  /** Lets nobody in any more, lets what is being spoken end within the time set, tells the viewers why, and ends every session. */
  close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#closing ??= Promise.all(Array.from(this.#entries.values(), ({ session }) => this.#finish(session))).then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One that does not close cleanly must not cut short what the others say. */
  #finish(session: Session): Promise<void> {
    return session.finish('server_stopped', { withinMs: this.#limits.finishS * 1000 }).catch((error: unknown) => { this.#notClosed(session, error); });
  }

  #notClosed(session: Session, error: unknown): void {
    this.#logger.error({ session: session.id, err: error }, 'A session failed to close.');
  }

  /** Checks that one session more fits beside those that live and the `waits` that are being opened. */
  #assertRoom(waits: number): void {
    if (this.#closing !== undefined) {
      throw new AvatarError('too_many_sessions', 'The server is stopping and takes no new session. Try again after Retry-After seconds.');
    }
    const sessions = this.#entries.size + waits;
    if (sessions >= this.#limits.max) {
      throw new AvatarError('too_many_sessions', `All ${this.#limits.max} sessions are taken. Try again after Retry-After seconds.`);
    }
    const measured = [...new Array<number>(waits).fill(0), ...Array.from(this.#entries.values(), (entry) => entry.measured)];
    if (!this.#admission.fits({ measured, leftOutShare: this.#leftOutShare() })) {
      throw new AvatarError('overloaded', `${sessions} sessions are all this machine can serve now, at ${this.#admission.costCores.toFixed(2)} cores each. Try again after Retry-After seconds.`);
    }
  }

  /** Measures the machine with the sessions that have a viewer. */
  #measure(nowMs: number): void {
    const running = [...this.#entries.values()].filter(({ session }) => session.state !== 'waiting');
    this.#admission.measure(running.length, nowMs);
    running.forEach((entry) => { entry.measured += 1; });
  }

  #keep(session: Session): void {
    const startedMs = performance.now();
    this.#entries.set(session.id, { session, startedMs, measured: 0 });
    this.#metrics.sessionStarted();
    session.events.on('speechHeard', ({ waitedMs }) => { this.#metrics.speechToFrameMs(waitedMs); });
    session.events.on('firstFrameSent', ({ afterMs }) => { this.#metrics.firstFrameMs(afterMs); });
    session.events.on('silenced', ({ afterMs }) => { this.#metrics.interruptSilenceMs(afterMs); });
    session.events.on('ended', ({ reason }) => {
      this.#entries.delete(session.id);
      this.#metrics.sessionEnded(reason);
      this.#logger.info({ session: session.id, reason, seconds: Math.round((performance.now() - startedMs) / 1000), ...session.summary }, 'A session ended.');
    });
  }

  #endOverdue(nowMs: number): void {
    const { unconnectedS, idleS, totalS } = this.#limits;
    for (const { session, startedMs } of this.#entries.values()) {
      const ageS = (nowMs - startedMs) / 1000;
      const reason = ageS > totalS ? 'time_limit'
        : session.state === 'waiting' && ageS > unconnectedS ? 'no_viewer'
          : session.state !== 'waiting' && (nowMs - session.lastActiveMs) / 1000 > idleS ? 'idle' : undefined;
      if (reason !== undefined) {
        session.end(reason).catch((error: unknown) => { this.#notClosed(session, error); });
      }
    }
  }
}
