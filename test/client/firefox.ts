/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Scope } from '../../src/base/scope.ts';
import type { Closeable } from '../../src/base/scope.ts';

/** Where Debian's Firefox lies; undefined where there is none. Ubuntu's, a snap, sees no profile of ours. */
export const FIREFOX: string | undefined = ['/usr/bin/firefox-esr'].find((path) => existsSync(path));

/** Longest wait for anything in the browser. */
const PATIENCE_MS = 30_000;

/** A profile that asks nothing, plays sound without a click and reaches nothing but the server under test. */
const PREFERENCES: Readonly<Record<string, string | number | boolean>> = Object.freeze({
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.gmp-manager.updateEnabled': false,
  'app.normandy.enabled': false,
  'app.update.auto': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.reportingpolicy.firstRun': false,
});

interface Reply {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/** What `script.callFunction` answers. */
interface CallResult {
  readonly type: 'success' | 'exception';
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/** A stock Firefox without a window, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi); playwright-core drives only its own build. */
export class Firefox implements Closeable {
  readonly #scope = new Scope();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Set<(method: string, params: unknown) => void>();
  #socket: WebSocket | undefined;
  #commands = 0;

  /** Starts the browser in a profile of its own; the preferences are added to those of every test. */
  static async launch(preferences: Readonly<Record<string, string | number | boolean>> = {}): Promise<Firefox> {
    const firefox = new Firefox();
    try {
      await firefox.#launch({ ...PREFERENCES, ...preferences });
      return firefox;
    } catch (error) {
      await firefox.close();
      throw error;
    }
  }

  /** Opens a tab of this size and runs the script in it before any of the page's. */
  async open(url: string, { width = 1000, height = 760, script = '' } = {}): Promise<FirefoxPage> {
    const { context } = await this.send('browsingContext.create', { type: 'tab' }) as { context: string };
    await this.send('browsingContext.setViewport', { context, viewport: { width, height } });
    await this.send('script.addPreloadScript', { functionDeclaration: `() => {${script}}`, contexts: [context] });
    const page = new FirefoxPage(this, context);
    await page.goto(url);
    return page;
  }

  /** Sends a command and waits for its result. */
  async send(method: string, params: object): Promise<unknown> {
    const id = ++this.#commands;
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      throw new Error('Firefox has gone.');
    }
    const reply = Promise.withResolvers<unknown>();
    this.#waiting.set(id, reply);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return reply.promise;
  }

  /** Calls the listener on every event. */
  onEvent(listener: (method: string, params: unknown) => void): void {
    this.#listeners.add(listener);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  async #launch(preferences: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    const profile = await mkdtemp(join(tmpdir(), 'orator-firefox-'));
    this.#scope.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
    await writeFile(join(profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
    const child = spawn(FIREFOX ?? 'firefox', ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#scope.defer(() => ended(child));
    this.#socket = new WebSocket(`${await listeningAddress(child)}/session`, { perMessageDeflate: false });
    this.#socket.on('message', (data: Buffer) => { this.#receive(JSON.parse(data.toString()) as Reply); });
    this.#socket.on('close', () => { this.#waiting.forEach(({ reject }) => { reject(new Error('Firefox has gone.')); }); });
    await once(this.#socket, 'open');
    // Fails where the browser has gone by itself, and is as good.
    this.#scope.defer(async () => { await this.send('browser.close', {}).catch(() => undefined); });
    await this.send('session.new', { capabilities: {} });
    await this.send('session.subscribe', { events: ['log.entryAdded'] });
  }

  #receive({ id, type, method, params, result, error, message }: Reply): void {
    if (type === 'event') {
      this.#listeners.forEach((listener) => { listener(method ?? '', params); });
    }
    const waiting = this.#waiting.get(id ?? 0);
    this.#waiting.delete(id ?? 0);
    if (type === 'error') {
      waiting?.reject(new Error(`${error}: ${message}`));
    } else {
      waiting?.resolve(result);
    }
  }
}

/** A tab of Firefox. */
export class FirefoxPage {
  /** What the browser and the page complain about. */
  readonly complaints: string[] = [];
  readonly #firefox: Firefox;
  readonly #context: string;

  constructor(firefox: Firefox, context: string) {
    this.#firefox = firefox;
    this.#context = context;
    firefox.onEvent((method, params) => {
      const { level, text, source } = params as { level: string; text: string | null; source: { context?: string } };
      if (method === 'log.entryAdded' && level === 'error' && source.context === context) {
        this.complaints.push(text ?? '');
      }
    });
  }

  /** Loads an address. */
  async goto(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { url, wait: 'complete' });
  }

  /** Calls a function in the page, as if by the viewer's press; argument and result go as JSON. */
  async evaluate<Argument, Result>(run: (argument: Argument) => Result, argument: Argument): Promise<Awaited<Result>>;
  async evaluate<Result>(run: () => Result): Promise<Awaited<Result>>;
  async evaluate(run: (argument: unknown) => unknown, argument?: unknown): Promise<unknown> {
    const answer = await this.#firefox.send('script.callFunction', {
      functionDeclaration: `async (argument) => JSON.stringify(await (${run.toString()})(JSON.parse(argument)) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(argument ?? null) }],
      target: { context: this.#context }, awaitPromise: true, userActivation: true,
    }) as CallResult;
    if (answer.type === 'exception') {
      throw new Error(answer.exceptionDetails?.text);
    }
    return JSON.parse(answer.result?.value as string) as unknown;
  }

  /** Waits until the page has an element that fits the selector and, where a text is given, has that text. */
  async waitFor(selector: string, text: string | null = null): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    const isThere = ([wanted, words]: readonly [string, string | null]): boolean => [...document.querySelectorAll(wanted)].some(({ textContent }) => (words ?? textContent) === textContent);
    while (!await this.evaluate(isThere, [selector, text])) {
      if (performance.now() > endMs) {
        throw new Error(`${selector} ${text ?? ''} is not there after ${PATIENCE_MS} ms; ${JSON.stringify(this.complaints)}`);
      }
      await wait(50);
    }
  }

  /** Presses the mouse on an element's middle. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.evaluate((wanted) => {
      const found = document.querySelector(wanted);
      found?.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width, height } = found?.getBoundingClientRect() ?? new DOMRect();
      return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) };
    }, selector);
    await this.#send('input.performActions', {
      actions: [{ type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] }],
    });
  }

  /** Presses keys one after another where the focus is; special ones by their WebDriver code points. */
  async press(keys: string): Promise<void> {
    const actions = Array.from(keys).flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    await this.#send('input.performActions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  /** Chooses a file in a file field. */
  async setFile(selector: string, path: string): Promise<void> {
    const { nodes } = await this.#send('browsingContext.locateNodes', { locator: { type: 'css', value: selector } }) as { nodes: object[] };
    await this.#send('input.setFiles', { element: nodes[0]!, files: [path] });
  }

  /** What the tab shows, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('browsingContext.captureScreenshot', {}) as { data: string };
    return Buffer.from(data, 'base64');
  }

  /** Closes the tab as its viewer would. */
  async close(): Promise<void> {
    await this.#send('browsingContext.close', { promptUnload: false });
  }

  async #send(method: string, params: object): Promise<unknown> {
    return this.#firefox.send(method, { context: this.#context, ...params });
  }
}

/** The address that a starting Firefox prints. */
async function listeningAddress(child: ChildProcess): Promise<string> {
  const printed: string[] = [];
  const stderr = child.stderr;
  if (stderr === null) {
    throw new TypeError('Firefox is started with its error output piped.');
  }
  for await (const line of createInterface({ input: stderr })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      stderr.resume();
      return address;
    }
    printed.push(line);
  }
  throw new Error(`Firefox did not start: ${printed.join(' ')}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    const timer = setTimeout(() => { child.kill('SIGKILL'); }, 5000);
    await exit;
    clearTimeout(timer);
  }
}
