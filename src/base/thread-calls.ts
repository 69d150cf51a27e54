import type { Worker } from 'node:worker_threads';
import { AvatarError, InvalidStateError } from './errors.ts';
import type { FailedCall } from './failed-call.ts';
import type { Closeable } from './scope.ts';

/** A request to a thread or its answer, paired by the call's number. */
interface Message {
  readonly kind: string;
  readonly call: number;
}

/** A request without the number that pairs it with its answer. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'call'> : never;

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Asks a thread to let go of its port and of all that keeps it alive once its calls are answered; it has no answer. */
export interface CloseRequest {
  readonly kind: 'close';
}

/** How long closing waits for calls under way, in milliseconds. */
const LAST_CALLS_MS = 5000;

/** The calls to one worker thread, which answers each once. When it fails or ends, all calls are rejected, and all later ones. */
export class ThreadCalls<Request extends Message, Answer extends Message> implements Closeable {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #lastCall = 0;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Takes what error messages call the thread, and the thread: it takes `Request` or `CloseRequest`, and gives `Answer` or `FailedCall`. */
  constructor(name: string, worker: Worker) {
    this.#name = name;
    this.#worker = worker;
    worker.on('message', (answer: Answer | FailedCall) => { this.#take(answer); });
    worker.on('error', (error: unknown) => { this.fail(error instanceof Error ? error : new Error(String(error))); });
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.fail(new InvalidStateError(`The ${name} thread ended with exit code ${code}.`));
        resolve();
      });
    });
  }

  /** Why every call is rejected from now on; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Posts a request, and waits for its answer of the kind that is expected.
   * @throws what the thread failed with, an AvatarError with its code; InvalidStateError after `close()`.
   */
  async ask<Kind extends Answer['kind']>(request: Unnumbered<Request>, kind: Kind): Promise<Extract<Answer, { kind: Kind }>> {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#lastCall += 1;
    const call = this.#lastCall;
    this.#worker.postMessage({ ...request, call });
    const answer = await new Promise<Answer>((resolve, reject) => { this.#waiting.set(call, { resolve, reject }); });
    if (!isOfKind<Answer, Kind>(answer, kind)) {
      throw new InvalidStateError(`The ${this.#name} thread answered ${answer.kind} to ${request.kind}.`);
    }
    return answer;
  }

  /** Rejects every call, those under way and all later ones; the first reason counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(this.#failure);
    }
    this.#waiting.clear();
  }

  /** Rejects calls under way, and waits until the thread has worked them off and ended, for at most 5 s. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Never by terminating the thread: ONNX Runtime aborts the whole process when that happens while it starts, loads or runs a network. */
  async #close(): Promise<void> {
    this.fail(new InvalidStateError(`The ${this.#name} thread is closed.`));
    this.#worker.postMessage({ kind: 'close' } satisfies CloseRequest);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#exited, new Promise((resolve) => { timer = setTimeout(resolve, LAST_CALLS_MS); })]);
    clearTimeout(timer);
    // One that still works ends by itself later, and keeps the process alive no longer.
    this.#worker.unref();
  }

  #take(answer: Answer | FailedCall): void {
    const waiting = this.#waiting.get(answer.call);
    this.#waiting.delete(answer.call);
    if (isFailed(answer)) {
      waiting?.reject(answer.code === undefined ? new Error(answer.message) : new AvatarError(answer.code, answer.message));
    } else {
      waiting?.resolve(answer);
    }
  }
}

function isFailed(answer: Message): answer is FailedCall {
  return answer.kind === 'failed';
}

function isOfKind<Answer extends Message, Kind extends Answer['kind']>(answer: Answer, kind: Kind): answer is Extract<Answer, { kind: Kind }> {
  return answer.kind === kind;
}
