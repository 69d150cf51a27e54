/** Layout of SadTalker's coefficients, as its networks, their motion and their renderer share it: expression | pose | crop. */

/** Expression coefficients of a face, the first of a row. */
export const EXPRESSION_COLUMNS = 64;

/** Values of one pose, after the expression: three angles in radians and three translations. */
export const POSE_COLUMNS = 6;

/** Columns of a row that change with speech: expression and pose. */
export const MOTION_COLUMNS = EXPRESSION_COLUMNS + POSE_COLUMNS;

/** Columns of a portrait's row: expression, pose, and scale, x and y of its alignment. */
export const PORTRAIT_COLUMNS = MOTION_COLUMNS + 3;

/** Video frames in the window the mapping net looks at. */
export const WINDOW_FRAMES = 27;

/** Frames a window reaches to each side of its own. */
export const WINDOW_REACH = (WINDOW_FRAMES - 1) / 2;

/** Frames the PoseVAE makes at once. */
export const POSE_CHUNK_FRAMES = 32;

/** Head-pose styles of the PoseVAE. */
export const POSE_STYLES = 46;

/** Values of the PoseVAE's latent, drawn from the normal distribution. */
export const POSE_LATENT_VALUES = 64;
