/** Stages whose time is measured per unit of work. */
export const STAGES = ['mel', 'motion', 'render', 'encode_video', 'encode_audio', 'tts', 'vad', 'avatar_prepare'] as const;

/** A measured stage. */
export type Stage = (typeof STAGES)[number];

/** Things that are counted. */
export const COUNTED_EVENTS = [
  'frames_rendered', 'frames_late', 'frames_dropped', 'frames_repeated', 'key_frames', 'pictures_lost', 'interrupts',
  'worker_restarts', 'microphone_packets_lost', 'clock_ticks_skipped',
] as const;

/** A counted event. */
export type CountedEvent = (typeof COUNTED_EVENTS)[number];

/** Where stages report what they did; the server turns it into metrics. */
export interface Stats {
  /** Records the time one unit of work took in a stage, in milliseconds. */
  stageMs(stage: Stage, ms: number): void;
  /** Records how many frames, of one viewer or several, a neural renderer drew at once. */
  batchFrames(frames: number): void;
  /** Adds to a counter; by 1 when not told. */
  count(event: CountedEvent, by?: number): void;
}

/** Stats that keep nothing; for tests and tools. */
export const noStats: Stats = Object.freeze({ stageMs: (): void => undefined, batchFrames: (): void => undefined, count: (): void => undefined });
