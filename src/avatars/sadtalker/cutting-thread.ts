import { Worker } from 'node:worker_threads';
import type { Closeable } from '../../base/scope.ts';
import { ThreadCalls } from '../../base/thread-calls.ts';
import type { CutAvatar, CuttingAnswer, CuttingRequest, FaceOrder, PortraitOrder } from './cutting-messages.ts';
import type { FaceTensor } from './face-tensor.ts';

/** The thread on which pictures are cut for SadTalker's networks: that takes some 100 ms of pixel work. It starts when it is made. */
export class CuttingThread implements Closeable {
  readonly #calls: ThreadCalls<CuttingRequest, CuttingAnswer>;

  constructor() {
    this.#calls = new ThreadCalls('cutting', new Worker(new URL('./cutting-thread-main.ts', import.meta.url), { name: 'cutting' }));
  }

  /** Cuts an avatar for the networks. */
  async cutAvatar(order: PortraitOrder): Promise<CutAvatar> {
    return (await this.#calls.ask({ kind: 'portrait', order }, 'portrait')).cut;
  }

  /** Aligns a face's picture. */
  async alignFace(order: FaceOrder): Promise<FaceTensor> {
    return (await this.#calls.ask({ kind: 'face', order }, 'face')).tensor;
  }

  /** Rejects calls under way, and waits until the thread has worked them off and ended, for at most 5 s. */
  close(): Promise<void> {
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
