import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait for a slot to be freed. */
const PATIENCE_MS = 15_000;

/** Waits until the server no longer knows a session; returns the milliseconds that took. */
export async function untilFreed(url: string, sessionId: string): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs < PATIENCE_MS) {
    const { status } = await fetch(`${url}/v1/sessions/${sessionId}`);
    if (status === 404) {
      return performance.now() - startMs;
    }
    await sleep(50);
  }
  throw new Error(`The session is still there after ${PATIENCE_MS} ms.`);
}
