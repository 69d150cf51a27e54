import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RenderAnswer } from '../../src/render/render-messages.ts';
import { RenderThread } from '../../src/render/render-thread.ts';
import { builtInPortrait } from './portraits.ts';

const hopper = await builtInPortrait('hopper');
const astronaut = await builtInPortrait('astronaut');

/** A thread that draws, and what it has answered. */
class HeardThread {
  readonly answers: RenderAnswer[] = [];
  readonly thread: RenderThread;
  #heard = Promise.withResolvers<undefined>();

  constructor() {
    const answered = (answer: RenderAnswer): void => {
      this.answers.push(answer);
      this.#heard.resolve(undefined);
      this.#heard = Promise.withResolvers();
    };
    this.thread = new RenderThread({ answered, died: (cause) => { this.#heard.reject(cause); } });
  }

  /** What it answers about a drawing from the given answer on. */
  async next(drawing: number, from = 0): Promise<RenderAnswer> {
    for (;;) {
      const found = this.answers.slice(from).find((answer) => answer.drawing === drawing);
      if (found !== undefined) {
        return found;
      }
      await this.#heard.promise;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.thread.stop();
  }
}

await test('while a portrait is opened, the other faces are drawn', async () => {
  await using heard = new HeardThread();
  heard.thread.open(1, hopper, 2);
  await heard.next(1);
  heard.thread.open(2, astronaut, 2);
  heard.thread.draw(1, 0);
  await heard.next(2);
  assert.deepEqual(heard.answers.map(({ kind, drawing }) => [kind, drawing]), [['opened', 1], ['drawn', 1], ['opened', 2]]);
});

await test('drawings that are closed while they open leave the portrait to those that wait for it, and its memory once they are all closed', async () => {
  await using heard = new HeardThread();
  const { thread, answers } = heard;
  const openThird = async (): Promise<number> => {
    const from = answers.length;
    thread.open(1, hopper, 2);
    thread.open(2, hopper, 2);
    thread.closeDrawing(1, hopper.id);
    thread.open(3, hopper, 2);
    thread.closeDrawing(2, hopper.id);
    const third = await heard.next(3, from);
    thread.draw(3, 1);
    assert.equal((await heard.next(3, answers.length)).kind, 'drawn');
    thread.closeDrawing(3, hopper.id);
    assert.deepEqual(answers.slice(from).map(({ kind, drawing }) => [kind, drawing]), [['failed', 1], ['failed', 2], ['opened', 3], ['drawn', 3]], 'every request is answered');
    assert.ok(third.kind === 'opened');
    return third.memory.buffer.byteLength;
  };
  const bytes = await openThird();
  assert.equal(await openThird(), bytes);
  assert.equal(await openThird(), bytes);
});

await test('a portrait that cannot be prepared fails for each who waits for it, and opens anew when it is sent again', async () => {
  await using heard = new HeardThread();
  const { thread, answers } = heard;
  const broken = { ...hopper, landmarks: undefined } as unknown as typeof hopper;
  thread.open(1, broken, 2);
  thread.open(2, broken, 2);
  assert.deepEqual([(await heard.next(1)).kind, (await heard.next(2)).kind], ['failed', 'failed']);
  thread.closeDrawing(1, hopper.id);
  thread.closeDrawing(2, hopper.id);
  thread.open(3, hopper, 2);
  assert.equal((await heard.next(3, answers.length)).kind, 'opened');
});
