import { Worker } from 'node:worker_threads';
import type { Closeable } from '../base/scope.ts';
import { ThreadCalls } from '../base/thread-calls.ts';
import type { DetectedFace } from './face-detector.ts';
import type { AnalysedPortrait } from './portrait-analysis.ts';
import type { PortraitPiece } from './portrait-image.ts';
import type { PreparationAnswer, PreparationRequest } from './preparation-messages.ts';
import type { RgbImage } from './rgb-image.ts';

/** The thread on which portraits are analysed and faces are found. It starts, and loads its networks, when it is made. */
export class PreparationThread implements Closeable {
  readonly #calls: ThreadCalls<PreparationRequest, PreparationAnswer>;

  /** Takes the folder that holds `face/*.onnx`. */
  constructor(modelsFolder: string) {
    const worker = new Worker(new URL('./preparation-thread-main.ts', import.meta.url), { name: 'avatars', workerData: { modelsFolder } });
    this.#calls = new ThreadCalls('preparation', worker);
  }

  /** True once the thread has ended by a fault of its own or by `close()`; then a new one is needed. */
  get ended(): boolean {
    return this.#calls.failure !== undefined;
  }

  /**
   * Finds the faces of a picture, best first.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async findFaces(image: RgbImage): Promise<readonly DetectedFace[]> {
    return (await this.#calls.ask({ kind: 'findFaces', image }, 'faces')).faces;
  }

  /**
   * Finds the mesh (468 × 3, pixels) of a picture's largest face; undefined when it shows none.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async findMesh(image: RgbImage): Promise<Float32Array | undefined> {
    return (await this.#calls.ask({ kind: 'findMesh', image }, 'mesh')).points;
  }

  /**
   * Analyses a framed portrait.
   * @throws AvatarError `model_missing` when a network's file is missing or damaged.
   */
  async analyse(piece: PortraitPiece, face: DetectedFace): Promise<AnalysedPortrait> {
    return (await this.#calls.ask({ kind: 'analyse', piece, face }, 'analysed')).portrait;
  }

  /** Rejects calls under way, and waits until the thread has worked them off and ended, for at most 5 s. */
  close(): Promise<void> {
    return this.#calls.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
