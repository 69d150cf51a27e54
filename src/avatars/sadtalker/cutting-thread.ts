import { Worker } from 'node:worker_threads';
import { InvalidStateError } from '../../base/errors.ts';
import { PendingCalls } from '../../base/pending-calls.ts';
import type { Closeable } from '../../base/scope.ts';
import type { CutAvatar, CuttingAnswer, CuttingRequest, FaceOrder, PortraitOrder } from './cutting-messages.ts';
import type { FaceTensor } from './face-tensor.ts';

/** A request without the number that pairs it with its answer. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'call'> : never;

/** The thread on which pictures are cut for SadTalker's networks: that takes some 100 ms of pixel work. It starts when it is made. */
export class CuttingThread implements Closeable {
  readonly #worker: Worker;
  readonly #calls = new PendingCalls<CuttingAnswer>();
  #closing: Promise<void> | undefined;

  constructor() {
    this.#worker = new Worker(new URL('./cutting-thread-main.ts', import.meta.url), { name: 'cutting' });
    this.#worker.on('message', (answer: CuttingAnswer) => {
      this.#calls.settle(answer.call, answer.kind === 'failed' ? new Error(answer.message) : answer);
    });
    this.#worker.on('error', (error: unknown) => { this.#calls.fail(error instanceof Error ? error : new Error(String(error))); });
    this.#worker.on('exit', (code) => { this.#calls.fail(new InvalidStateError(`The cutting thread ended with exit code ${code}.`)); });
  }

  /** Cuts an avatar for the networks. */
  async cutAvatar(order: PortraitOrder): Promise<CutAvatar> {
    const answer = await this.#call({ kind: 'portrait', order });
    if (answer.kind !== 'portrait') {
      throw new InvalidStateError(`The cutting thread answered ${answer.kind} to cutAvatar.`);
    }
    return answer.cut;
  }

  /** Aligns a face's picture. */
  async alignFace(order: FaceOrder): Promise<FaceTensor> {
    const answer = await this.#call({ kind: 'face', order });
    if (answer.kind !== 'face') {
      throw new InvalidStateError(`The cutting thread answered ${answer.kind} to alignFace.`);
    }
    return answer.tensor;
  }

  /** Rejects calls under way and ends the thread at once. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stop(): Promise<void> {
    this.#calls.fail(new InvalidStateError('The cutting thread is closed.'));
    await this.#worker.terminate();
  }

  #call(request: Unnumbered<CuttingRequest>): Promise<CuttingAnswer> {
    return this.#calls.call((call) => { this.#worker.postMessage({ ...request, call }); });
  }
}
