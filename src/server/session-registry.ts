import { AvatarError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Closeable } from '../base/scope.ts';
import type { Session } from '../session.ts';
import type { Config } from './config.ts';
import type { Metrics, SessionGauges } from './metrics.ts';

/** How often limits of time are looked at, in milliseconds. */
const SWEEP_MS = 1000;

interface Entry {
  readonly session: Session;
  readonly startedMs: number;
}

/** Holds the sessions that live, keeps their number and their time within limits, and counts them. */
export class SessionRegistry implements Closeable {
  readonly #limits: Config['sessions'];
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #sweep: NodeJS.Timeout;
  #opening = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: { limits: Config['sessions']; metrics: Metrics; logger: Logger }) {
    this.#limits = parts.limits;
    this.#metrics = parts.metrics;
    this.#logger = parts.logger;
    this.#sweep = setInterval(() => { this.#endOverdue(performance.now()); }, SWEEP_MS);
    this.#sweep.unref();
  }

  /** Sessions that live or are being opened. */
  get size(): number {
    return this.#entries.size + this.#opening;
  }

  /**
   * Opens a session in a free slot.
   * @throws AvatarError `too_many_sessions`, and what opening throws.
   */
  async add(open: () => Promise<Session>): Promise<Session> {
    if (this.#closing !== undefined || this.size >= this.#limits.max) {
      this.#metrics.sessionRejected('too_many_sessions');
      throw new AvatarError('too_many_sessions', `All ${this.#limits.max} sessions are taken. Try again after Retry-After seconds.`);
    }
    this.#opening += 1;
    try {
      const session = await open();
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
    const sums = { queuedSpeechMs: 0, framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0 };
    for (const { session } of this.#entries.values()) {
      const { state, gauges } = session;
      sessionsByState[state] = (sessionsByState[state] ?? 0) + 1;
      sums.queuedSpeechMs += gauges.queuedSpeechMs;
      sums.framesInFlight += gauges.framesInFlight;
      sums.videoBitrateBps += gauges.videoBitrateBps;
      sums.fractionLost = Math.max(sums.fractionLost, gauges.fractionLost);
      sums.roundTripMs = Math.max(sums.roundTripMs, gauges.roundTripMs);
    }
    return { sessionsByState, ...sums };
  }

  /** Ends every session. */
  close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#closing ??= Promise.all([...this.#entries.values()].map(({ session }) => session.end('server_stopped'))).then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #keep(session: Session): void {
    const startedMs = performance.now();
    this.#entries.set(session.id, { session, startedMs });
    this.#metrics.sessionStarted();
    session.events.on('speechHeard', ({ waitedMs }) => { this.#metrics.speechToFrameMs(waitedMs); });
    session.events.on('firstFrameSent', ({ afterMs }) => { this.#metrics.firstFrameMs(afterMs); });
    session.events.on('ended', ({ reason }) => {
      this.#entries.delete(session.id);
      this.#metrics.sessionEnded(reason);
      this.#logger.info({ session: session.id, reason, seconds: Math.round((performance.now() - startedMs) / 1000) }, 'A session ended.');
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
        session.end(reason).catch((error: unknown) => { this.#logger.error({ session: session.id, err: error }, 'A session failed to close.'); });
      }
    }
  }
}
