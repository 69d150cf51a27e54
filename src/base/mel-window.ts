/** Mel bands in one mel frame. */
export const MEL_BANDS = 80;

/** Mel frames in one window: 16 frames of 12.5 ms, 0.2 s. */
export const MEL_WINDOW_FRAMES = 16;

/** The sound around one video frame, as ExpNet reads it. */
export interface MelWindow {
  /** Shape 80 × 16 (band-major: `values[band * 16 + frame]`), normalised to −4..4. */
  readonly values: Float32Array;
  /** Media time of the video frame the window belongs to, in microseconds. */
  readonly mediaUs: number;
}
