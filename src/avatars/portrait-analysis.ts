import type { Avatar } from './avatar.ts';
import { inpaintBackground } from './background-inpainter.ts';
import type { DetectedFace, FaceDetector } from './face-detector.ts';
import { LEAST_MESH_SCORE, meshPoint, type FaceMesh } from './face-mesh.ts';
import { separateForeground } from './foreground-colours.ts';
import { shareRemainder } from './layer-remainder.ts';
import type { BodyLine, PersonMatte } from './person-matte.ts';
import type { PortraitPiece } from './portrait-image.ts';
import { portraitWarnings } from './portrait-warnings.ts';
import type { RgbImage } from './rgb-image.ts';
import { makeStudioBackground } from './studio-background.ts';

/** What is drawn of an avatar, what is wrong with its photo, and the mesh network's confidence. */
export type AnalysedPortrait =
  Pick<Avatar, 'image' | 'matte' | 'background' | 'landmarks' | 'leftEye' | 'rightEye' | 'leftIris' | 'rightIris' | 'warnings'> & { readonly score: number };

/** Least part of a picture that must be see-through for its alpha channel to count as an outline; less is rounded corners, or a faded picture. */
const LEAST_CLEAR_SHARE = 0.05;

/** Alpha values below this are see-through, from the other half on they are opaque. */
const CLEAR = 32;
const OPAQUE = 128;

/** Least part of an upload's opaque area that must show the person for its alpha channel to be taken as the person's outline. */
const CUT_OUT_SHARE = 0.75;

/** Mesh points at the upper and the lower end of the face. */
const FOREHEAD = 10;
const CHIN = 152;

/** Where the body begins, and over how much it fades in, in heights of the face from its top. */
const BODY_LEVEL = 0.55;
const BODY_FADE = 0.15;

/** The networks and the pixel work of a preparation. It takes some 200 ms of computing, so it belongs on a thread of its own. */
export class PortraitAnalysis {
  readonly #detector: FaceDetector;
  readonly #mesh: FaceMesh;
  readonly #matte: PersonMatte;

  constructor(parts: { detector: FaceDetector; mesh: FaceMesh; matte: PersonMatte }) {
    this.#detector = parts.detector;
    this.#mesh = parts.mesh;
    this.#matte = parts.matte;
  }

  /** Returns the faces of a picture, best first. */
  findFaces(image: RgbImage): Promise<DetectedFace[]> {
    return this.#detector.detect(image);
  }

  /** Returns the mesh (468 × 3, pixels) of the largest face of a picture; undefined when there is none. */
  async findMesh(image: RgbImage): Promise<Float32Array | undefined> {
    const [largest] = (await this.findFaces(image)).sort((a, b) => b.sidePx - a.sidePx);
    if (largest === undefined) {
      return undefined;
    }
    const { score, points } = await this.#mesh.place(image, largest);
    return score < LEAST_MESH_SCORE ? undefined : points;
  }

  /** Returns everything that is drawn of a framed portrait. */
  async analyse(piece: PortraitPiece, face: DetectedFace): Promise<AnalysedPortrait> {
    const { width, height, alpha } = piece;
    const wall = alpha === null ? null : makeStudioBackground(piece);
    const image: RgbImage = alpha === null || wall === null ? piece : { width, height, data: layOver(piece.data, alpha, wall) };
    const { score, ...outline } = await this.#mesh.outline(image, face);
    const found: Pick<AnalysedPortrait, 'warnings' | 'score'> = { warnings: portraitWarnings(image, outline.landmarks), score };
    const person = await this.#matte.find(image, bodyLine(outline.landmarks));
    if (alpha === null || wall === null || clearShare(alpha) < LEAST_CLEAR_SHARE) {
      return { ...outline, ...found, ...separate(image, person) };
    }
    if (isCutOut(alpha, person)) {
      return { ...outline, ...found, image: separateForeground(image, alpha, wall), matte: alpha, background: wall };
    }
    return { ...outline, ...found, ...separate(image, person.map((coverage, pixel) => Math.min(coverage, alpha[pixel]!))) };
  }
}

/** The body begins beside the mouth: shoulders and collars reach that high. */
function bodyLine(landmarks: Float32Array): BodyLine {
  const top = meshPoint(landmarks, FOREHEAD);
  const chin = meshPoint(landmarks, CHIN);
  const [x, y] = [chin.x - top.x, chin.y - top.y];
  const square = (x * x + y * y) * BODY_FADE;
  return { x: top.x + x * BODY_LEVEL, y: top.y + y * BODY_LEVEL, downX: x / square, downY: y / square };
}

function separate(image: RgbImage, matte: Uint8Array): Pick<Avatar, 'image' | 'matte' | 'background'> {
  const background = inpaintBackground(image, matte);
  const person = separateForeground(image, matte, background);
  shareRemainder(image, matte, { person, background });
  return { image: person, matte, background };
}

/** Draws colours over a background of the same size. */
function layOver(colours: Uint8Array, alpha: Uint8Array, background: Uint8Array): Uint8Array {
  const result = new Uint8Array(background);
  for (let index = 0; index < result.length; index++) {
    const below = background[index]!;
    result[index] = Math.round(below + ((colours[index]! - below) * alpha[Math.floor(index / 3)]!) / 255);
  }
  return result;
}

function clearShare(alpha: Uint8Array): number {
  let clear = 0;
  for (const opacity of alpha) {
    clear += opacity < CLEAR ? 1 : 0;
  }
  return clear / alpha.length;
}

/** True when nearly all that an alpha channel keeps is the person: then it is the better outline. */
function isCutOut(alpha: Uint8Array, person: Uint8Array): boolean {
  let opaque = 0;
  let both = 0;
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    if (alpha[pixel]! >= OPAQUE) {
      opaque += 1;
      both += person[pixel]! >= OPAQUE ? 1 : 0;
    }
  }
  return both >= CUT_OUT_SHARE * opaque;
}
