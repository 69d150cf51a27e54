import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Viewer } from './viewer.ts';

/** What came of those who opened other portraits while viewers watched. */
export interface PortraitFigures {
  readonly opened: number;
  /** From asking for a session to its first picture, each. */
  readonly firstPictureMs: readonly number[];
  readonly failures: readonly string[];
}

/** A portrait that comes with the project and is not the default: drawn by name, and sent in as a new one. */
const OTHER_PORTRAIT = 'hopper';
const PHOTO = new URL('../models/portraits/hopper/original.jpg', import.meta.url);

/** Viewers arrive and settle first. */
const SETTLE_MS = 3000;

/** Time a visitor watches, and time until the next one comes. */
const WATCH_MS = 1500;
const PAUSE_MS = 1000;

/** Longest wait for a first picture. */
const PATIENCE_MS = 10_000;

/** Opens portraits, one visitor after the other: in turn one that comes with the project, and one that is sent in first and deleted afterwards. */
export async function visitPortraits(url: string, { seconds }: { seconds: number }): Promise<PortraitFigures> {
  const endMs = performance.now() + seconds * 1000;
  const firstPictureMs: number[] = [];
  const failures: string[] = [];
  await sleep(SETTLE_MS);
  for (let visitor = 0; performance.now() < endMs - WATCH_MS; visitor++) {
    try {
      firstPictureMs.push(visitor % 2 === 0 ? await visit(url, OTHER_PORTRAIT) : await visitNewPortrait(url));
    } catch (error) {
      failures.push(`A portrait was not opened: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(PAUSE_MS);
  }
  return { opened: firstPictureMs.length, firstPictureMs, failures };
}

async function visitNewPortrait(url: string): Promise<number> {
  const sent = await fetch(`${url}/v1/avatars`, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: await readFile(PHOTO) });
  if (sent.status !== 201) {
    throw new Error(`No portrait: ${sent.status} ${await sent.text()}`);
  }
  const { id } = await sent.json() as { id: string };
  try {
    return await visit(url, id);
  } finally {
    await fetch(`${url}/v1/avatars/${id}`, { method: 'DELETE' });
  }
}

/** Watches a portrait for a while; returns the milliseconds from asking for it to its first picture. */
async function visit(url: string, avatar: string): Promise<number> {
  const startMs = performance.now();
  const viewer = await Viewer.connect(url, { session: { avatar } });
  try {
    const shown = Promise.withResolvers<number>();
    viewer.onFrame = ({ atMs }) => { shown.resolve(atMs); };
    const atMs = await Promise.race([shown.promise, sleep(PATIENCE_MS, undefined, { ref: false })]);
    if (atMs === undefined) {
      throw new Error(`the portrait ${avatar} did not appear within ${PATIENCE_MS} ms.`);
    }
    await sleep(WATCH_MS);
    return atMs - startMs;
  } finally {
    await viewer.close();
  }
}
