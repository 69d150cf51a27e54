import type { Unsubscribe } from './emitter.ts';
import type { Stats } from './stats.ts';

/** Length of one tick of the media clock, in microseconds: one Opus packet. */
export const TICK_US = 20_000;

/** Length of one video frame, in microseconds: 25 frames a second. */
export const FRAME_US = 40_000;

/** Most ticks made up for in one go after the thread was held up; older ones are skipped and counted. */
const MOST_CAUGHT_UP = 10;

/**
 * The one clock that drives all sessions: calls every subscriber once per 20 ms of media time.
 * It aims at absolute times, so lateness of one tick never adds up. After a hold-up it makes up for
 * at most 10 ticks at once; the rest of the missed time is skipped for good and counted.
 */
export class MediaClock {
  readonly #stats: Stats;
  readonly #onError: (error: unknown) => void;
  readonly #subscribers = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #nextTickMs = 0;

  constructor(options: { stats: Stats; onError: (error: unknown) => void }) {
    this.#stats = options.stats;
    this.#onError = options.onError;
  }

  /** Calls the listener at every tick until the returned function is called. The clock runs while it has subscribers. */
  subscribe(onTick: () => void): Unsubscribe {
    this.#subscribers.add(onTick);
    if (this.#timer === undefined) {
      this.#nextTickMs = performance.now() + TICK_US / 1000;
      this.#arm();
    }
    return () => {
      this.#subscribers.delete(onTick);
      if (this.#subscribers.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    };
  }

  #arm(): void {
    // Armed already when the last subscriber left within a tick and another came.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#run(); }, Math.max(0, this.#nextTickMs - performance.now()));
  }

  #run(): void {
    const tickMs = TICK_US / 1000;
    const due = Math.floor((performance.now() - this.#nextTickMs) / tickMs) + 1;
    if (due > MOST_CAUGHT_UP) {
      this.#stats.count('clock_ticks_skipped', due - MOST_CAUGHT_UP);
      this.#nextTickMs += (due - MOST_CAUGHT_UP) * tickMs;
    }
    for (let tick = 0; tick < Math.min(due, MOST_CAUGHT_UP); tick++) {
      this.#nextTickMs += tickMs;
      for (const onTick of this.#subscribers) {
        try {
          onTick();
        } catch (error) {
          this.#onError(error);
        }
      }
    }
    if (this.#subscribers.size > 0) {
      this.#arm();
    }
  }
}
