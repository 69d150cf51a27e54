import { FACE_INDEX, type HeadPose } from '../base/motion-frame.ts';
import type { FaceState } from './face-state.ts';
import type { Prosody } from './prosody.ts';
import type { Random } from './random.ts';
import { clamp } from './shaping.ts';
import { SlowNoise } from './slow-noise.ts';
import { FadingPulse, Spring } from './spring.ts';

/** Lids over one blink: shut in 80 ms, open in 140 ms. */
const BLINK_LIDS = [0.5, 1, 0.9, 0.6, 0.25] as const;

/** Frames from one blink to the next: 2 to 6 s. */
const BLINK_WAIT = [50, 150] as const;

/** Frames from the start of a blink to the second of a double one, and how often that comes. */
const DOUBLE_BLINK_FRAMES = 8;
const DOUBLE_BLINK_CHANCE = 0.12;

/** How often the end of a phrase brings a blink, if none came in the last second. */
const PHRASE_END_BLINK_CHANCE = 0.55;
const FRAMES_SINCE_BLINK = 25;

/** Frames the eyes rest on a point near the camera, and elsewhere; how often elsewhere follows. */
const CAMERA_FRAMES = [10, 35] as const;
const AWAY_FRAMES = [8, 24] as const;
const AWAY_CHANCE = { idle: 0.24, listening: 0.15, speaking: 0.3 } as const;

/** How far the eyes go about the camera (from eye to eye and mouth of who stands there) and away from it, of their range. */
const CAMERA_X = 0.09;
const CAMERA_Y = 0.06;
const AWAY_X = 0.75;
const AWAY_Y = 0.4;

/** Turn of the head that the eyes' full range −1..1 makes up for: they turn against it to stay on the camera. */
const EYE_YAW_DEG = 12;
const EYE_PITCH_DEG = 11;

/** The part of a saccade that its first frame covers. */
const SACCADE_PART = 0.7;

/** The smallest shake of a fixation, of the eyes' range. */
const TREMOR = 0.03;

/** Height of a brow raised with the strongest stress, and its drift at rest. */
const BROW_ACCENT = 0.5;
const BROW_DRIFT = 0.06;

/** Moves one face's lids, eyes and brows: seeded, so that the same seed and sound give the same eyes. */
export class EyeMotion {
  readonly #random: Random;
  readonly #browNoise: SlowNoise;
  readonly #tremorX: SlowNoise;
  readonly #tremorY: SlowNoise;
  readonly #brow = new Spring();
  readonly #browPulse = new FadingPulse(0.35);
  #blinkFrame: number = BLINK_LIDS.length;
  #sinceBlink = 0;
  #untilBlink: number;
  #gazeX = 0;
  #gazeY = 0;
  #goalX = 0;
  #goalY = 0;
  #away = false;
  #untilSaccade: number;

  constructor(random: Random) {
    this.#random = random;
    this.#browNoise = new SlowNoise(random, 0.11);
    this.#tremorX = new SlowNoise(random, 0.9);
    this.#tremorY = new SlowNoise(random, 0.8);
    this.#untilBlink = this.#frames([15, 75]);
    this.#untilSaccade = this.#frames(CAMERA_FRAMES);
  }

  /** Writes the lids, eyes and brow of the next video frame into the expression. */
  next(expression: Float32Array, pose: HeadPose, prosody: Prosody, state: FaceState): void {
    const lid = this.#nextLid(prosody);
    expression[FACE_INDEX.blinkLeft] = lid;
    expression[FACE_INDEX.blinkRight] = lid;
    this.#nextGaze(state, prosody);
    expression[FACE_INDEX.gazeX] = clamp(this.#gazeX + TREMOR * this.#tremorX.next() - pose.yawDeg / EYE_YAW_DEG, -1, 1);
    expression[FACE_INDEX.gazeY] = clamp(this.#gazeY + TREMOR * this.#tremorY.next() - pose.pitchDeg / EYE_PITCH_DEG, -1, 1);
    expression[FACE_INDEX.brow] = this.#nextBrow(state, prosody);
  }

  #nextLid(prosody: Prosody): number {
    this.#sinceBlink += 1;
    this.#untilBlink -= 1;
    const blinksAtPhraseEnd = prosody.phraseEnded && this.#sinceBlink > FRAMES_SINCE_BLINK && this.#random.chance(PHRASE_END_BLINK_CHANCE);
    if (this.#untilBlink <= 0 || blinksAtPhraseEnd) {
      const again = this.#random.chance(DOUBLE_BLINK_CHANCE);
      this.#blinkFrame = 0;
      this.#sinceBlink = 0;
      this.#untilBlink = again ? DOUBLE_BLINK_FRAMES : this.#frames(BLINK_WAIT);
    }
    const lid = BLINK_LIDS[this.#blinkFrame] ?? 0;
    this.#blinkFrame = Math.min(this.#blinkFrame + 1, BLINK_LIDS.length);
    return lid;
  }

  #nextGaze(state: FaceState, prosody: Prosody): void {
    this.#untilSaccade -= 1;
    // People look aside to find their words, and back to the listener as they end.
    const comesBack = this.#away && prosody.phraseEnded;
    if (this.#untilSaccade <= 0 || comesBack) {
      this.#away = !this.#away && this.#random.chance(AWAY_CHANCE[state]);
      this.#goalX = (this.#away ? AWAY_X : CAMERA_X) * this.#random.nearZero();
      this.#goalY = (this.#away ? AWAY_Y : CAMERA_Y) * this.#random.nearZero();
      this.#untilSaccade = this.#frames(this.#away ? AWAY_FRAMES : CAMERA_FRAMES);
    }
    this.#gazeX += (this.#goalX - this.#gazeX) * SACCADE_PART;
    this.#gazeY += (this.#goalY - this.#gazeY) * SACCADE_PART;
  }

  #nextBrow(state: FaceState, prosody: Prosody): number {
    if (prosody.accent > 0) {
      this.#browPulse.strike(BROW_ACCENT * prosody.accent);
    }
    const rest = BROW_DRIFT * this.#browNoise.next() + (state === 'listening' ? 0.06 : 0);
    return this.#brow.toward(rest + this.#browPulse.next(), 10);
  }

  #frames([least, most]: readonly [number, number]): number {
    return Math.round(this.#random.between(least, most));
  }
}
