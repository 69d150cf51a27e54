/** Points of the face mesh. */
export const MESH_POINTS = 468;

/**
 * Points of one eye's contour: 0..8 lower lid from the inner to the outer corner, 9..15 upper lid likewise, without the corners;
 * the rest are rings around the eye, up to the brow.
 */
export const EYE_CONTOUR_POINTS = 71;

/** A portrait ready to draw. All coordinates are pixels of `image` (x right, y down, pixel centres at whole numbers). */
export interface Avatar {
  /** First 16 hex digits of the SHA-256 of the uploaded file; a word for those that come with the project. */
  readonly id: string;
  /** Name to show. */
  readonly name: string;
  /** True for those that come with the project. */
  readonly builtIn: boolean;
  /** What the viewer should know, for example that several faces were found. */
  readonly warnings: readonly string[];
  /** Picture size in pixels, multiples of 16, at least 512 on the shorter side, within 1280 × 720 or 720 × 1280 (512 × 512 up to 720 × 720 when square). */
  readonly width: number;
  readonly height: number;
  /**
   * RGB, `width * height * 3` bytes. In the soft edges of the person and a little outside it holds the person's own colours,
   * so it is drawn through `matte` over `background`; unmoved, that gives the photo again.
   */
  readonly image: Uint8Array;
  /** The person, 0 (background) to 255, `width * height` bytes. */
  readonly matte: Uint8Array;
  /** RGB without the person (inpainted), `width * height * 3` bytes. */
  readonly background: Uint8Array;
  /** 468 × 3: x, y and z in pixels, z negative toward the camera. */
  readonly landmarks: Float32Array;
  /** 71 × 2: contour of the eye on the left of the picture (the person's right eye). */
  readonly leftEye: Float32Array;
  /** 71 × 2: contour of the eye on the right of the picture. */
  readonly rightEye: Float32Array;
  /** 5 × 2 each: iris centre, then right, top, left, bottom. */
  readonly leftIris: Float32Array;
  readonly rightIris: Float32Array;
}
