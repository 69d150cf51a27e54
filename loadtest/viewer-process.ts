/* One process of viewers; the load test starts as many as it needs and talks to them over the process channel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Conversation } from './conversation.ts';
import type { PathFaults } from './lossy-path.ts';
import { viewerFigures } from './received-figures.ts';
import type { ViewerFigures } from './received-figures.ts';
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
  /** Seconds from the start after which the faults end; Infinity for never. */
  readonly faultsEndS: number | null;
  readonly interrupts: boolean;
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
  | { readonly kind: 'refused'; readonly code: string }
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
  let viewer: Viewer;
  try {
    viewer = await Viewer.connect(order.url, { faults: order.faults, speaks: order.microphone, session: { ...(order.pack === null ? {} : { pack: order.pack }), ...(order.microphone ? { mode: 'mirror' } : {}) } });
  } catch (error) {
    if (error instanceof RefusedError) {
      tell({ kind: 'refused', code: error.code });
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
  let faultsEndedMs: number | undefined;
  const mend = order.faultsEndS === null ? undefined : setTimeout(() => {
    viewer.path.set({ loss: 0, delayMs: order.faults.delayMs });
    faultsEndedMs = performance.now();
  }, order.faultsEndS * 1000);
  const conversation = await Conversation.open(viewer, { seconds: order.seconds, interrupts: order.interrupts, microphone: order.microphone, speech });
  const record = await conversation.run();
  clearTimeout(mend);
  tell({ kind: 'done', figures: viewerFigures(record, faultsEndedMs), endedBy: conversation.endedBy });
  if (conversation.endedBy === undefined) {
    await viewer.close();
  }
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
