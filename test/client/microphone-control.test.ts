import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LevelMeter } from '../../client/level-meter.ts';
import { MicrophoneControl } from '../../client/microphone-control.ts';

/** An element of a page that is not there, as far as the control needs one. */
class Stub extends EventTarget {
  readonly value: string;
  hidden = false;
  checked = false;
  textContent = '';

  constructor(value = '') {
    super();
    this.value = value;
  }

  setAttribute(): void {
    // Nobody looks.
  }

  click(): void {
    this.dispatchEvent(new Event('click'));
  }
}

/** A microphone's sound. */
class Sound {
  readonly track = Object.assign(new EventTarget(), { live: true, stop: () => { this.track.live = false; } });

  getTracks(): object[] {
    return [this.track];
  }

  getAudioTracks(): object[] {
    return this.getTracks();
  }
}

/** A control on a page of stubs, with a browser that gives or refuses the microphone when the test says so. */
class Desk {
  readonly asked: { give: () => void; refuse: () => void }[] = [];
  readonly given: Sound[] = [];
  readonly modes: string[] = [];
  readonly errors: unknown[] = [];
  readonly toggle = new Stub();
  readonly control: MicrophoneControl;

  constructor(t: TestContext) {
    const stubs: Readonly<Record<string, Stub>> = { 'microphone-toggle': this.toggle };
    const page = {
      HTMLButtonElement: Stub, HTMLElement: Stub, HTMLMeterElement: Stub,
      document: { getElementById: (id: string) => stubs[id] ?? new Stub(), querySelectorAll: () => ['push', 'mirror', 'listen'].map((mode) => new Stub(mode)) },
      navigator: { mediaDevices: { getUserMedia: () => this.#ask() } },
    };
    const before = Object.entries(page).map(([name]) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
    for (const [name, value] of Object.entries(page)) {
      Object.defineProperty(globalThis, name, { value, configurable: true });
    }
    t.after(() => {
      for (const [name, descriptor] of before) {
        Object.defineProperty(globalThis, name, descriptor ?? { value: undefined, configurable: true });
      }
    });
    t.mock.method(LevelMeter.prototype, 'follow', () => undefined);
    t.mock.method(LevelMeter.prototype, 'stop', () => undefined);
    this.control = new MicrophoneControl((mode) => { this.modes.push(mode); return Promise.resolve(); }, (error) => { this.errors.push(error); });
  }

  get live(): number {
    return this.given.filter(({ track }) => track.live).length;
  }

  async #ask(): Promise<Sound> {
    await new Promise<void>((resolve, reject) => {
      this.asked.push({ give: resolve, refuse: () => { reject(new DOMException('no', 'NotAllowedError')); } });
    });
    const sound = new Sound();
    this.given.push(sound);
    return sound;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

test('a double click asks once, and off leaves no track live', async (t) => {
  const desk = new Desk(t);
  desk.toggle.click();
  desk.toggle.click();
  desk.asked.forEach(({ give }) => { give(); });
  await settled();
  assert.equal(desk.asked.length, 1);
  assert.equal(desk.live, 1);
  assert.equal(desk.control.mode, 'mirror');
  await desk.control.choose('push');
  assert.equal(desk.live, 0);
  assert.equal(desk.control.track, null);
});

test('off while the browser asks is off at once, and the microphone that comes later is stopped', async (t) => {
  const desk = new Desk(t);
  const on = desk.control.choose('listen');
  await desk.control.choose('push');
  assert.deepEqual(desk.modes, ['push']);
  desk.asked[0]?.give();
  await on;
  assert.equal(desk.given.length, 1);
  assert.equal(desk.live, 0);
  assert.equal(desk.control.mode, 'push');
  assert.deepEqual(desk.modes, ['push']);
});

test('of choices made while the browser asks the last one counts', async (t) => {
  const desk = new Desk(t);
  const chosen = (['mirror', 'push', 'mirror', 'listen'] as const).map((mode) => desk.control.choose(mode));
  desk.asked[0]?.give();
  await Promise.all(chosen);
  assert.equal(desk.asked.length, 1);
  assert.equal(desk.live, 1);
  assert.equal(desk.control.mode, 'listen');
  assert.equal(desk.modes.at(-1), 'listen');
});

test('a microphone that is refused is told once and leaves it off; the next choice asks anew', async (t) => {
  const desk = new Desk(t);
  const chosen = [desk.control.choose('mirror'), desk.control.choose('mirror')];
  desk.asked[0]?.refuse();
  await Promise.all(chosen);
  assert.equal(desk.errors.length, 1);
  assert.match(String(desk.errors[0]), /does not allow the microphone/);
  assert.equal(desk.control.mode, 'push');
  const again = desk.control.choose('mirror');
  desk.asked[1]?.give();
  await again;
  assert.equal(desk.control.mode, 'mirror');
  assert.equal(desk.live, 1);
});

test('a refusal of what is not wanted any more is not told', async (t) => {
  const desk = new Desk(t);
  const on = desk.control.choose('mirror');
  await desk.control.choose('push');
  desk.asked[0]?.refuse();
  await on;
  assert.deepEqual(desk.errors, []);
});
