/// <reference lib="dom" />
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { percentile } from './figures.ts';

const CHROMIUM = process.env['ORATOR_CHROMIUM'] ?? '/usr/bin/chromium';

const TEXT = 'The quick brown fox jumps over the lazy dog, and then it does so once more, because nobody saw it the first time.';

/** How often a text is typed, in milliseconds. */
const TYPE_MS = 8000;

/** What headless Chromium's own statistics say. */
export interface ChromiumFigures {
  /** 5th percentile of decoded frames per second. */
  readonly framesPerSecond: number;
  readonly freezes: number;
  /** Concealed sound as a share of all sound. */
  readonly concealedShare: number;
}

interface Reading { readonly atMs: number; readonly frames: number; readonly freezes: number; readonly concealed: number; readonly samples: number }

declare global {
  /** Connections of the page that is watched, put there before its own scripts run. */
  var watchedConnections: RTCPeerConnection[];
}

/** Opens an example page in headless Chromium, types text now and then, and reads the browser's statistics each second. */
export async function watchInChromium(url: string, { seconds }: { seconds: number }): Promise<ChromiumFigures> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'] });
  try {
    const page = await browser.newPage();
    await page.addInitScript(() => {
      globalThis.watchedConnections = [];
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          globalThis.watchedConnections.push(this);
        }
      };
    });
    await page.goto(`${url}/examples/speak.html`);
    const readings: Reading[] = [];
    const startMs = performance.now();
    let typedMs = -Infinity;
    while (performance.now() - startMs < seconds * 1000) {
      if (performance.now() - typedMs > TYPE_MS) {
        typedMs = performance.now();
        await page.fill('#text', TEXT);
        await page.locator('#form').evaluate((form) => { (form as HTMLFormElement).requestSubmit(); });
      }
      await sleep(1000);
      readings.push(await page.evaluate(readStatistics));
    }
    return figuresOf(readings.filter(({ frames }) => frames > 0));
  } finally {
    await browser.close();
  }
}

/** Runs in the page. */
async function readStatistics(): Promise<Reading> {
  const reading = { atMs: performance.now(), frames: 0, freezes: 0, concealed: 0, samples: 0 };
  for (const connection of globalThis.watchedConnections) {
    for (const report of (await connection.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (report['type'] === 'inbound-rtp' && report['kind'] === 'video') {
        reading.frames += Number(report['framesDecoded'] ?? 0);
        reading.freezes += Number(report['freezeCount'] ?? 0);
      } else if (report['type'] === 'inbound-rtp') {
        reading.concealed += Number(report['concealedSamples'] ?? 0) - Number(report['silentConcealedSamples'] ?? 0);
        reading.samples += Number(report['totalSamplesReceived'] ?? 0);
      }
    }
  }
  return reading;
}

function figuresOf(readings: readonly Reading[]): ChromiumFigures {
  const rates = readings.slice(2).map(({ atMs, frames }, index) => {
    const before = readings[index + 1]!;
    return ((frames - before.frames) * 1000) / (atMs - before.atMs);
  });
  const last = readings.at(-1);
  return {
    framesPerSecond: rates.length === 0 ? Number.NaN : percentile(rates, 0.05),
    freezes: last?.freezes ?? 0,
    concealedShare: last === undefined || last.samples === 0 ? 0 : last.concealed / last.samples,
  };
}
