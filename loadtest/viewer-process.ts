/* One process of viewers; the load test starts as many as it needs and talks to them over the process channel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Conversation } from './conversation.ts';
import { CLEAN_PATH } from './lossy-path.ts';
import type { PathFaults } from './lossy-path.ts';
import { viewerFigures } from './received-figures.ts';
import type { FaultSpan, ViewerFigures } from './received-figures.ts';
import { RefusedError, Viewer } from './viewer.ts';
import { untilFreed } from './vanished.ts';
import { readWavFile } from './wav-file.ts';
import type { WavFile } from './wav-file.ts';

/** What a process of viewers is to do. */
export interface ViewerOrder {
  readonly url: string;
  readonly viewers: number;
  readonly seconds: number;
  readonly faults: PathFaults;
  /** Seconds from the start after which the faults begin; 0 for from the first packet on. */
  readonly faultsStartS: number;
  /** Seconds from the start after which loss and narrowness end, the delay stays; null for never. */
  readonly faultsEndS: number | null;
  readonly interrupts: boolean;
  /** Now and then nobody says anything for a while. */
  readonly rests: boolean;
  /** Viewers speak into a microphone and are mirrored. */
  readonly microphone: boolean;
  /** The last viewer vanishes halfway, and its slot must become free. */
  readonly vanish: boolean;
  /** Milliseconds between two viewers' arrivals. */
  readonly staggerMs: number;
  readonly pack: string | null;
}

/** What a process of viewers tells. */
export type ViewerNews =
  | { readonly kind: 'connected'; readonly sessionId: string }
  | { readonly kind: 'refused'; readonly code: string; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'vanished'; readonly freedMs: number }
  | { readonly kind: 'done'; readonly figures: ViewerFigures; readonly endedBy: string | undefined };

const SPEECH = new URL('speech/cards-005.wav', import.meta.url);

async function main(order: ViewerOrder): Promise<void> {
  const speech = await readWavFile(SPEECH);
  const runs: Promise<void>[] = [];
  for (let index = 0; index < order.viewers; index++) {
    const vanishes = order.vanish && index === order.viewers - 1;
    runs.push(view(order, speech, vanishes).catch((error: unknown) => { tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }); }));
    await sleep(order.staggerMs);
  }
  await Promise.all(runs);
}

async function view(order: ViewerOrder, speech: WavFile, vanishes: boolean): Promise<void> {
  const startMs = performance.now();
  let viewer: Viewer;
  try {
    viewer = await Viewer.connect(order.url, { faults: order.faultsStartS > 0 ? CLEAN_PATH : order.faults, speaks: order.microphone, session: { ...(order.pack === null ? {} : { pack: order.pack }), ...(order.microphone ? { mode: 'mirror' } : {}) } });
  } catch (error) {
    if (error instanceof RefusedError) {
      tell({ kind: 'refused', code: error.code, afterMs: performance.now() - startMs });
      return;
    }
    throw error;
  }
  tell({ kind: 'connected', sessionId: viewer.sessionId });
  if (vanishes) {
    await sleep(order.seconds * 500);
    await viewer.closeTab();
    tell({ kind: 'vanished', freedMs: await untilFreed(order.url, viewer.sessionId) });
    return;
  }
  const weather = planFaults(order, viewer);
  const conversation = await Conversation.open(viewer, { seconds: order.seconds, interrupts: order.interrupts, rests: order.rests, microphone: order.microphone, speech });
  const record = await conversation.run();
  weather.stop();
  tell({ kind: 'done', figures: viewerFigures(record, weather.span), endedBy: conversation.endedBy });
  if (conversation.endedBy === undefined) {
    await viewer.close();
  }
}

/** Makes the viewer's network bad and good again at the times ordered. */
function planFaults({ faults, faultsStartS, faultsEndS }: ViewerOrder, viewer: Viewer): { readonly span: FaultSpan | undefined; stop(): void } {
  const startMs = performance.now() + faultsStartS * 1000;
  const endMs = faultsEndS === null ? Infinity : performance.now() + faultsEndS * 1000;
  const timers = [
    ...(faultsStartS > 0 ? [setTimeout(() => { viewer.path.set(faults); }, faultsStartS * 1000)] : []),
    ...(faultsEndS === null ? [] : [setTimeout(() => { viewer.path.set({ ...CLEAN_PATH, delayMs: faults.delayMs }); }, faultsEndS * 1000)]),
  ];
  const bad = faults.loss > 0 || faults.delayMs > 0 || faults.jitterMs > 0 || faults.bandwidthKbps !== null;
  return { span: bad ? { startMs, endMs } : undefined, stop: () => { timers.forEach((timer) => { clearTimeout(timer); }); } };
}

function tell(news: ViewerNews): void {
  process.send?.(news);
}

process.once('message', (order: ViewerOrder) => {
  main(order).then(() => { process.disconnect(); }, (error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.disconnect();
  });
});
