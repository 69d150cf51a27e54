import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OnnxPort } from '../src/models/onnx-model-file.ts';

const PROCESS_FILE = fileURLToPath(new URL('graph-timing-main.ts', import.meta.url));

/** One graph in one setting. */
export interface TimedRun {
  readonly path: string;
  readonly inputs: readonly OnnxPort[];
  /** Outputs to hand back in each run. */
  readonly outputs: readonly string[];
  readonly threads: number;
  readonly batch: number;
  /** Timed runs, after one that warms up. */
  readonly runs: number;
}

/** What a setting took. */
export interface RunTimes {
  /** Milliseconds of each timed run divided by the batch. */
  readonly frameMs: readonly number[];
  /** Most memory the process ever held, in bytes: its own start, the graph's weights and its workspace are in it. */
  readonly peakBytes: number;
}

/**
 * Times one graph in a process of its own, so that the memory of one setting does not count for the next.
 * @throws Error with what the process said when it ends without an answer.
 */
export async function timeGraph(run: TimedRun): Promise<RunTimes> {
  const child = fork(PROCESS_FILE, { serialization: 'advanced' });
  try {
    child.send(run);
    const [answer] = await Promise.race([once(child, 'message') as Promise<[RunTimes]>, failure(child)]);
    return answer;
  } finally {
    child.kill();
  }
}

async function failure(child: ReturnType<typeof fork>): Promise<never> {
  const [code, signal] = await once(child, 'exit') as [number | null, string | null];
  throw new Error(`The timing process ended with ${code ?? signal ?? 'nothing'} before it had an answer.`);
}
