import type { CountedEvent, Stage, Stats } from '../base/stats.ts';

/** Keeps one session's own counts beside those of the whole process, for the line that sums it up when it ends. */
export class SessionTally implements Stats {
  readonly #shared: Stats;
  readonly #counts = new Map<CountedEvent, number>();

  /** Passes everything on to the process's stats. */
  constructor(shared: Stats) {
    this.#shared = shared;
  }

  stageMs(stage: Stage, ms: number): void {
    this.#shared.stageMs(stage, ms);
  }

  batchFrames(frames: number): void {
    this.#shared.batchFrames(frames);
  }

  count(event: CountedEvent, by = 1): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + by);
    this.#shared.count(event, by);
  }

  /** What was counted so far, without the events that never came. */
  counts(): Partial<Record<CountedEvent, number>> {
    return Object.fromEntries(this.#counts);
  }
}
