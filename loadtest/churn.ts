import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { percentile } from './figures.ts';
import { CLEAN_PATH } from './lossy-path.ts';
import { readServer } from './server-figures.ts';
import { untilFreed } from './vanished.ts';
import { Viewer } from './viewer.ts';
import type { ViewerNews, ViewerOrder } from './viewer-process.ts';

/** How a viewer goes away. */
const WAYS = ['clean', 'closedTab', 'networkCut', 'killedProcess'] as const;

type Way = (typeof WAYS)[number];

/** What connecting and vanishing again and again left behind. */
export interface ChurnFigures {
  readonly cycles: number;
  /** Cycles in which something else went wrong, and what. */
  readonly failed: number;
  readonly failures: readonly string[];
  readonly sessionsLeft: number;
  readonly handlesLeft: number;
  readonly rssMbStart: number;
  readonly rssMbEnd: number;
  readonly rssGrowthPercent: number;
  /** From going away to the session being gone, 95th percentile, by the way of going. */
  readonly cleanFreedMsP95: number;
  readonly closedTabFreedMsP95: number;
  readonly networkCutFreedMsP95: number;
  readonly killedProcessFreedMsP95: number;
  readonly slotFreedMsMax: number;
}

/** Cycles under way at once. */
const CONCURRENT = 6;

/** Cycles before memory is measured first: code is compiled, pools are filled, and V8 has found the size of its heap. */
const WARM_UP_CYCLES = Object.freeze({ clean: 120, mixed: 60 });

/** A process is killed in one cycle of so many, since starting one takes longest. */
const KILL_EVERY = 10;

/** Time a viewer watches before it goes. */
const WATCH_MS = 400;

/** Time after the last cycle for timers and garbage to go. */
const SETTLE_MS = 6000;

const VIEWER_PROCESS = fileURLToPath(new URL('viewer-process.ts', import.meta.url));

/** Connects and vanishes viewers in four ways, and looks at what stays behind in the server. */
export async function churn(url: string, { cycles }: { cycles: number }): Promise<ChurnFigures> {
  await runCycles(url, WARM_UP_CYCLES.clean, () => 'clean');
  await runCycles(url, WARM_UP_CYCLES.mixed, mixedWay);
  await sleep(SETTLE_MS);
  const before = await readServer(url);
  const { freedMs, failures } = await runCycles(url, cycles, mixedWay);
  await sleep(SETTLE_MS);
  const after = await readServer(url);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    cycles, failed: failures.length, failures: [...new Set(failures)],
    sessionsLeft: after.sessions,
    handlesLeft: Math.max(0, after.openHandles - before.openHandles),
    rssMbStart: round(before.residentMb), rssMbEnd: round(after.residentMb),
    rssGrowthPercent: round((after.residentMb / before.residentMb - 1) * 100),
    cleanFreedMsP95: p95(freedMs.clean), closedTabFreedMsP95: p95(freedMs.closedTab),
    networkCutFreedMsP95: p95(freedMs.networkCut), killedProcessFreedMsP95: p95(freedMs.killedProcess),
    slotFreedMsMax: Math.round(Math.max(...WAYS.flatMap((way) => freedMs[way]))),
  };
}

function mixedWay(cycle: number): Way {
  return cycle % KILL_EVERY === 0 ? 'killedProcess' : WAYS[cycle % 3]!;
}

function p95(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.round(percentile(values, 0.95));
}

async function runCycles(url: string, cycles: number, wayOf: (cycle: number) => Way): Promise<{ freedMs: Record<Way, number[]>; failures: string[] }> {
  const freedMs: Record<Way, number[]> = { clean: [], closedTab: [], networkCut: [], killedProcess: [] };
  const failures: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let cycle = next++; cycle < cycles; cycle = next++) {
      const way = wayOf(cycle);
      try {
        freedMs[way].push(await oneCycle(url, way));
      } catch (error) {
        failures.push(`${way}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  return { freedMs, failures };
}

/** Connects, watches, goes away, and returns the milliseconds until the server has let the session go. */
async function oneCycle(url: string, way: Way): Promise<number> {
  if (way === 'killedProcess') {
    return untilFreed(url, await killViewer(url));
  }
  const viewer = await Viewer.connect(url);
  await sleep(WATCH_MS);
  const leaving = way === 'clean' ? viewer.close() : way === 'closedTab' ? viewer.closeTab() : viewer.cutNetwork();
  const freed = await untilFreed(url, viewer.sessionId);
  await leaving;
  return freed;
}

/** Starts a process with one viewer and kills it once it watches; returns its session. */
async function killViewer(url: string): Promise<string> {
  const child = fork(VIEWER_PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
  const sessionId = await new Promise<string>((resolve, reject) => {
    child.on('message', (news: ViewerNews) => {
      if (news.kind === 'connected') {
        resolve(news.sessionId);
      } else if (news.kind === 'failed' || news.kind === 'refused') {
        reject(new Error(JSON.stringify(news)));
      }
    });
    const order: ViewerOrder = { url, viewers: 1, seconds: 60, faults: CLEAN_PATH, faultsStartS: 0, faultsEndS: null, interrupts: false, rests: false, microphone: false, vanish: false, staggerMs: 0, pack: null };
    child.send(order);
  });
  await sleep(WATCH_MS);
  child.kill('SIGKILL');
  await exited;
  return sessionId;
}
