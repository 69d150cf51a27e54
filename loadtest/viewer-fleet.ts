import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ViewerFigures } from './received-figures.ts';
import type { ViewerNews, ViewerOrder } from './viewer-process.ts';

const VIEWER_PROCESS = fileURLToPath(new URL('viewer-process.ts', import.meta.url));

/** Viewers in one process: more would delay each other's clocks. */
const VIEWERS_PER_PROCESS = 4;

/** What became of all viewers. */
export interface FleetOutcome {
  readonly figures: readonly ViewerFigures[];
  /** Error codes of those that were not let in. */
  readonly refused: readonly string[];
  /** Milliseconds until they were told so. */
  readonly refusedMs: readonly number[];
  /** Milliseconds from a viewer's vanishing to its session being gone. */
  readonly freedMs: readonly number[];
  /** What went wrong with others. */
  readonly failures: readonly string[];
}

/** Sends viewers to the server, a few to a process, one arriving after the other, and waits until all are done. */
export async function sendViewers(order: ViewerOrder): Promise<FleetOutcome> {
  const figures: ViewerFigures[] = [];
  const refused: string[] = [];
  const refusedMs: number[] = [];
  const freedMs: number[] = [];
  const failures: string[] = [];
  const hear = (news: ViewerNews): void => {
    if (news.kind === 'done') {
      figures.push(news.figures);
      failures.push(...(news.endedBy === undefined ? [] : [`A session was ended by the server: ${news.endedBy}.`]));
    } else if (news.kind === 'refused') {
      refused.push(news.code);
      refusedMs.push(news.afterMs);
    } else if (news.kind === 'vanished') {
      freedMs.push(news.freedMs);
    } else if (news.kind === 'failed') {
      failures.push(news.message);
    }
  };
  const processes: Promise<void>[] = [];
  for (let left = order.viewers; left > 0; left -= VIEWERS_PER_PROCESS) {
    const viewers = Math.min(left, VIEWERS_PER_PROCESS);
    const { started, ended } = runProcess({ ...order, viewers, vanish: order.vanish && left === viewers }, hear);
    processes.push(ended);
    await Promise.race([started, ended]);
  }
  await Promise.all(processes);
  return { figures, refused, refusedMs, freedMs, failures };
}

/** Forks one process; `started` settles when its last viewer was let in or refused. */
function runProcess(order: ViewerOrder, hear: (news: ViewerNews) => void): { started: Promise<void>; ended: Promise<void> } {
  const child = fork(VIEWER_PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const started = Promise.withResolvers<undefined>();
  let arrived = 0;
  child.on('message', (news: ViewerNews) => {
    hear(news);
    arrived += news.kind === 'connected' || news.kind === 'refused' || news.kind === 'failed' ? 1 : 0;
    if (arrived === order.viewers) {
      started.resolve(undefined);
    }
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      if (code !== 0) {
        hear({ kind: 'failed', message: `A process of viewers ended with status ${code ?? signal}.` });
      }
      resolve();
    });
    child.once('error', (error) => {
      hear({ kind: 'failed', message: error.message });
      resolve();
    });
  });
  child.send(order);
  return { started: started.promise, ended };
}
