import { setImmediate as nextTurn } from 'node:timers/promises';

/** A step ends as soon as it has taken so long, in milliseconds: a frame that waits for it is still in time. */
const STEP_MS = 5;

/** Long work that pauses wherever it yields, every few milliseconds. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does the work in steps and lets the thread's messages in between them. */
export async function inSteps<Result>(work: Steps<Result>): Promise<Result> {
  for (;;) {
    const endMs = performance.now() + STEP_MS;
    do {
      const { done, value } = work.next();
      if (done === true) {
        return value;
      }
    } while (performance.now() < endMs);
    await nextTurn();
  }
}
