/** Video codecs a viewer can be sent. */
export const VIDEO_CODECS = ['vp8', 'h264'] as const;

/** A video codec's name. */
export type VideoCodec = (typeof VIDEO_CODECS)[number];

/** One encoded video frame or one 20 ms Opus packet. */
export interface EncodedUnit {
  readonly kind: 'video' | 'audio';
  /** The bitstream (VP8 frame, H.264 Annex B access unit, or Opus packet). */
  readonly data: Uint8Array;
  /** Media time, in microseconds: the same clock for sound and picture. */
  readonly mediaUs: number;
  /** True for a video frame that can be decoded alone; true for every Opus packet. */
  readonly keyFrame: boolean;
}
