import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { transform } from 'esbuild';
import { pino } from 'pino';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Avatar } from '../../src/avatars/avatar.ts';
import { Scope } from '../../src/base/scope.ts';
import { parseConfig } from '../../src/server/config.ts';
import { OratorServer } from '../../src/server/orator-server.ts';
import type { PictureBox, ProbeSample } from './stream-probe.ts';

const CHROMIUM = '/usr/bin/chromium';

/** A recorded sentence; the microphone of the tests repeats it with a pause. */
const SPEECH = new URL('../audio/fixtures/cards_005.wav', import.meta.url);
const PAUSE_S = 1.2;

/** Longest wait for anything in the page. */
const PATIENCE_MS = 15_000;

/** The real server on a free port and Chromium with a recording as its microphone. */
export class BrowserHarness {
  readonly server: OratorServer;
  readonly url: string;
  readonly speechFile = SPEECH;
  readonly #browser: Browser;
  readonly #scope: Scope;
  readonly #probe: string;

  /** Starts server and browser; pages of these origins may use the server. Throws with what to do where Chromium is missing. */
  static async start(allowedOrigins: readonly string[] = []): Promise<BrowserHarness> {
    if (!existsSync(CHROMIUM)) {
      throw new Error(`The browser tests need Chromium at ${CHROMIUM}: run "apt-get install chromium" as root.`);
    }
    const scope = new Scope();
    try {
      const folder = await mkdtemp(join(tmpdir(), 'orator-page-'));
      scope.defer(() => rm(folder, { recursive: true, force: true }));
      const microphone = join(folder, 'microphone.wav');
      await writeFile(microphone, withPause(await readFile(SPEECH)));
      const config = parseConfig({ server: { port: 0, requestsPerMinute: 10_000, allowedOrigins }, avatars: { folder: join(folder, 'avatars') }, log: { level: 'error' } });
      const server = scope.own(await OratorServer.create(config, pino({ level: 'error' })));
      const url = await server.listen();
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: browserArguments(microphone) });
      scope.defer(() => browser.close());
      return new BrowserHarness({ server, url, browser, scope, probe: await probeScript() });
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  private constructor(parts: { server: OratorServer; url: string; browser: Browser; scope: Scope; probe: string }) {
    this.server = parts.server;
    this.url = parts.url;
    this.#browser = parts.browser;
    this.#scope = parts.scope;
    this.#probe = parts.probe;
  }

  /**
   * Opens a page of the server in a profile of its own, until the test ends; no session may outlive it.
   * `complaints` collects what the browser and the page complain about.
   */
  async open(t: TestContext, path = '/', options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const context = await this.#browser.newContext({ permissions: ['microphone'], viewport: { width: 1000, height: 760 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript({ content: this.#probe });
    t.after(async () => {
      await Promise.all(context.pages().map((open) => open.close({ runBeforeUnload: true })));
      await this.waitForSessions(0, 5000);
      await context.close();
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        complaints.push(message.text());
      }
    });
    await page.goto(new URL(path, this.url).href);
    return { page, complaints };
  }

  /** Presses start and waits for the first picture; the probe then watches the mouth of the session's portrait. */
  async startTalking(page: Page): Promise<void> {
    const created = page.waitForResponse((response) => response.url().endsWith('/v1/sessions') && response.status() === 201);
    await page.click('#start');
    const { id } = await (await created).json() as { id: string };
    await page.waitForSelector('#frame.has-video');
    await this.watch(page, this.server.sessions.get(id).avatar);
  }

  /** Lets the probe watch the mouth of a portrait that the page shows. */
  async watch(page: Page, avatar: Avatar): Promise<void> {
    await page.evaluate((box) => { streamProbe.watch(document.querySelectorAll('video')[0]!, box); }, mouthBox(avatar));
  }

  /** Waits until the pill shows one of these states. */
  async waitForState(page: Page, ...states: string[]): Promise<void> {
    await page.waitForSelector(states.map((state) => `body[data-state=${state}]`).join(','));
  }

  /** Collects what is seen and heard for a while. */
  async sample(page: Page, forMs: number): Promise<ProbeSample[]> {
    await page.evaluate(() => { streamProbe.take(); });
    await wait(forMs);
    return page.evaluate(() => streamProbe.take());
  }

  /** Frames received a second while something else goes on. */
  async framesPerSecond(page: Page, meanwhile: () => Promise<void>): Promise<number> {
    const before = await page.evaluate(() => streamProbe.framesReceived());
    await meanwhile();
    const after = await page.evaluate(() => streamProbe.framesReceived());
    return 1000 * (after.frames - before.frames) / (after.timeMs - before.timeMs);
  }

  /** Waits until the server has this many sessions; throws when that takes over `limitMs`. */
  async waitForSessions(count: number, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (this.server.sessions.size !== count) {
      if (performance.now() > endMs) {
        throw new Error(`The server has ${this.server.sessions.size} sessions after ${limitMs} ms; expected ${count}.`);
      }
      await wait(50);
    }
  }

  close(): Promise<void> {
    return this.#scope.close();
  }
}

/** The probe as a plain script that puts itself into a page. */
export async function probeScript(): Promise<string> {
  const source = await readFile(new URL('stream-probe.ts', import.meta.url), 'utf8');
  const { code } = await transform(`${source}\nglobalThis.streamProbe = new StreamProbe();`, { loader: 'ts', format: 'iife' });
  return code;
}

/** Where the mouth is and, when it opens, goes: between the lips' corners, from just above the seam halfway down to the chin. */
export function mouthBox({ landmarks, width, height }: Avatar): PictureBox {
  const point = (index: number): { x: number; y: number } => ({ x: landmarks[3 * index]!, y: landmarks[3 * index + 1]! });
  const [left, right, seam, chin] = [point(78), point(308), point(13), point(152)];
  const chinPx = chin.y - seam.y;
  return {
    left: left.x / width,
    top: (seam.y - 0.1 * chinPx) / height,
    width: (right.x - left.x) / width,
    height: 0.65 * chinPx / height,
  };
}

function browserArguments(microphoneFile: string): string[] {
  return [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${microphoneFile}`,
  ];
}

/** Appends silence to a 16-bit mono WAV file whose data chunk is the last. */
function withPause(wav: Buffer): Buffer {
  const rateHz = wav.readUInt32LE(24);
  const longer = Buffer.concat([wav, Buffer.alloc(2 * Math.round(rateHz * PAUSE_S))]);
  longer.writeUInt32LE(longer.length - 8, 4);
  const dataAt = longer.indexOf('data');
  longer.writeUInt32LE(longer.length - dataAt - 8, dataAt + 4);
  return longer;
}
