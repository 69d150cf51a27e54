import { createHash } from 'node:crypto';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import type { Avatar } from './avatar.ts';
import type { DetectedFace } from './face-detector.ts';
import { LEAST_MESH_SCORE } from './face-mesh.ts';
import { PortraitImage } from './portrait-image.ts';
import type { Rectangle } from './portrait-image.ts';
import { framePortrait } from './portrait-framing.ts';
import type { Framing } from './portrait-framing.ts';
import { PreparationThread } from './preparation-thread.ts';

/** Least size of a face's box in the uploaded picture, in pixels. */
export const LEAST_FACE_PX = 80;

/** From this size on a face is clear enough when it is enlarged. */
const CLEAR_FACE_PX = 100;

/** Longest side of the picture in which faces are looked for, in pixels. */
const OVERVIEW_PX = 768;

/** What an avatar is called. */
export interface AvatarIdentity {
  /** Name to show. */
  readonly name: string;
  /** Default: the hash of the file. */
  readonly id?: string;
  /** True for those that come with the project; default false. */
  readonly builtIn?: boolean;
}

/** A thread that had nothing to do for so long is ended: it holds some 150 MB. */
const IDLE_MS = 60_000;

/** Turns an uploaded portrait into an avatar. Its thread starts with the first portrait and ends when idle. */
export class AvatarPreparer implements Closeable {
  readonly #modelsFolder: string;
  readonly #stats: Stats;
  #thread: PreparationThread | undefined;
  #underWay = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  /** Takes the folder that holds `face/*.onnx`. */
  constructor(options: { modelsFolder: string; stats: Stats }) {
    this.#modelsFolder = options.modelsFolder;
    this.#stats = options.stats;
  }

  /**
   * Prepares a JPEG, PNG or WebP file. When several faces are found the largest is taken. The avatar carries a warning then, and for whatever in the photo will not move well.
   * @throws AvatarError `not_an_image`, `image_too_large`, `no_face`, `face_too_small` or `model_missing`.
   */
  async prepare(bytes: Uint8Array, identity: AvatarIdentity): Promise<Avatar> {
    const startMs = performance.now();
    this.#begin();
    try {
      const avatar = await this.#prepare(bytes, identity);
      this.#stats.stageMs('avatar_prepare', performance.now() - startMs);
      return avatar;
    } finally {
      this.#end();
    }
  }

  close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    this.#closing ??= this.#thread?.close() ?? Promise.resolve();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #prepare(bytes: Uint8Array, identity: AvatarIdentity): Promise<Avatar> {
    const portrait = await PortraitImage.decode(bytes);
    const { face, warnings } = await this.#findFace(portrait);
    const framing = framePortrait(portrait, face);
    const piece = await portrait.cut(framing.crop, framing.size);
    const { score, ...analysed } = await this.#running().analyse(piece, moveFace(face, framing));
    if (score < LEAST_MESH_SCORE) {
      throw new AvatarError('no_face', 'What looked like a face is none, or is turned away too far. Send a portrait that looks at the camera.');
    }
    return {
      ...analysed, id: identity.id ?? avatarId(bytes), name: identity.name, builtIn: identity.builtIn ?? false, ...framing.size,
      warnings: [...warnings, ...analysed.warnings],
    };
  }

  async #findFace(portrait: PortraitImage): Promise<{ face: DetectedFace; warnings: string[] }> {
    const overview = await portrait.overview(OVERVIEW_PX);
    const faces = await this.#running().findFaces(overview);
    const [largest] = [...faces].sort((a, b) => b.sidePx - a.sidePx);
    if (largest === undefined) {
      throw new AvatarError('no_face', 'No face was found in the picture. Send a portrait that looks at the camera.');
    }
    const scale = portrait.width / overview.width;
    const face = transformFace(largest, { scale, offsetX: 0.5 * scale - 0.5, offsetY: 0.5 * scale - 0.5 });
    const uploadedPx = Math.round(face.sidePx * portrait.reduction);
    if (uploadedPx < LEAST_FACE_PX) {
      throw new AvatarError('face_too_small', `The face is ${uploadedPx} pixels large; at least ${LEAST_FACE_PX} are needed. Send a larger or closer picture.`);
    }
    const warnings = faces.length > 1 ? [`${faces.length} faces were found; the largest was taken.`] : [];
    return { face, warnings: uploadedPx < CLEAR_FACE_PX ? [...warnings, `The face is only ${uploadedPx} pixels large. A larger or closer picture is sharper.`] : warnings };
  }

  #begin(): void {
    clearTimeout(this.#idleTimer);
    this.#underWay += 1;
  }

  #end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0 && this.#closing === undefined) {
      this.#idleTimer = setTimeout(() => { void this.#thread?.close(); }, IDLE_MS).unref();
    }
  }

  /** The thread; a new one when there is none or the last one ended. */
  #running(): PreparationThread {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The avatar preparer is closed.');
    }
    if (this.#thread === undefined || this.#thread.ended) {
      this.#thread = new PreparationThread(this.#modelsFolder);
    }
    return this.#thread;
  }
}

/** Returns the identity of an uploaded file: the first 16 hex digits of its SHA-256. */
export function avatarId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** A face of the whole picture in the pixels of the framed one. */
function moveFace(face: DetectedFace, { crop, size }: Framing): DetectedFace {
  const scale = size.width / crop.width;
  const offset = (start: keyof Rectangle): number => (0.5 - crop[start]) * scale - 0.5;
  return transformFace(face, { scale, offsetX: offset('left'), offsetY: offset('top') });
}

function transformFace(face: DetectedFace, map: { scale: number; offsetX: number; offsetY: number }): DetectedFace {
  const move = ({ x, y }: { x: number; y: number }): { x: number; y: number } => ({ x: x * map.scale + map.offsetX, y: y * map.scale + map.offsetY });
  return {
    score: face.score, sidePx: face.sidePx * map.scale, centre: move(face.centre), leftEye: move(face.leftEye), rightEye: move(face.rightEye),
  };
}
