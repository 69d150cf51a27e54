import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';
import type { FaceState } from './face-state.ts';
import { STYLE_TRAITS, type HeadMode, type HeadStyle } from './head-gestures.ts';
import { HeadPlan } from './head-plan.ts';
import { leanWithTurn, MOST_MOVE_MM, MOST_PITCH_DEG, MOST_ROLL_DEG, MOST_YAW_DEG, moveOfFaceMm, type MutablePose } from './head-reach.ts';
import type { Prosody } from './prosody.ts';
import type { Random } from './random.ts';
import { clamp, smoothStep, softLimit } from './shaping.ts';
import { SlowNoise } from './slow-noise.ts';
import { SpeakingManner } from './speaking-manner.ts';
import { FadingPulse, Spring } from './spring.ts';

export type { HeadStyle } from './head-gestures.ts';

/** Push of a nod and of a turn with the strongest stress, in degrees (the head goes 45 % of it), and their springs, in rad/s. */
const NOD_DEG = 4;
const NOD_RATE = 8;
const TURN_DEG = 2;
const TURN_RATE = 7;

/** How often a stress moves the head: at least, and more with its strength; how often it is raised rather than nods, the more so on a high pitch. */
const STRESS_CHANCE = 0.25;
const STRESS_CHANCE_MORE = 0.5;
const UP_CHANCE = 0.15;
const UP_CHANCE_PER_SEMITONE = 0.08;

/** The head follows the voice's pitch up and down: degrees for each semitone, pitches beyond which it goes no farther, and the spring, in rad/s. */
const LIFT_PER_SEMITONE = 0.22;
const LOWEST_LIFTED = -4;
const HIGHEST_LIFTED = 7;
const LIFT_RATE = 11;

/** Breath: 15 a minute, taking in air during 40 % of it; the shoulders lift the head by so much. */
const BREATH_STEP = 0.25 * 0.04;
const BREATH_IN = 0.4;
const BREATH_MM = 0.9;
const BREATH_PITCH_DEG = 0.3;

const POSE_KEYS = ['yawDeg', 'pitchDeg', 'rollDeg', 'xMm', 'yMm'] as const;

/** How one head moves. */
export interface HeadMotionOptions {
  /** Scale of all movement but breath; 1 is natural. */
  readonly liveliness: number;
  readonly style: HeadStyle;
  /** The portrait's own pose: the head turns less the way it is turned already. */
  readonly firstPose: HeadPose;
}

/**
 * Moves one head, as degrees and mm from the portrait's own pose. Postures are planned in chunks ahead of time; on top comes what
 * cannot be known ahead: nods and turns with the voice's stress, its pitch, and breath. Seeded; bounded in angle and in speed.
 */
export class HeadMotion {
  readonly #random: Random;
  readonly #plan: HeadPlan;
  readonly #manner = new SpeakingManner();
  readonly #breathPace: SlowNoise;
  readonly #nod = new Spring();
  readonly #turn = new Spring();
  readonly #lift = new Spring();
  readonly #nodPulse = new FadingPulse(0.2);
  readonly #turnPulse = new FadingPulse(0.25);
  readonly #pose: MutablePose = { ...NEUTRAL_POSE };
  readonly #wanted: MutablePose = { ...NEUTRAL_POSE };
  readonly #scale: number;
  readonly #traits: (typeof STYLE_TRAITS)[HeadStyle];
  #breath = 0;

  /** Throws a TypeError on an unknown style. */
  constructor(random: Random, { liveliness, style, firstPose }: HeadMotionOptions) {
    if (!Object.hasOwn(STYLE_TRAITS, style)) {
      throw new TypeError(`The style must be one of ${Object.keys(STYLE_TRAITS).join(', ')}, not ${style}.`);
    }
    this.#random = random;
    this.#plan = new HeadPlan(random, { style, firstPose });
    this.#breathPace = new SlowNoise(random, 0.03);
    this.#scale = liveliness;
    this.#traits = STYLE_TRAITS[style];
  }

  /** Returns the pose of the next video frame, as a new object. */
  next(prosody: Prosody, state: FaceState): HeadPose {
    this.#manner.update(prosody);
    const wanted = this.#wanted;
    this.#plan.next(modeOf(prosody, state), this.#manner, wanted);
    this.#addVoice(prosody, wanted);
    const breath = this.#nextBreath();
    wanted.yawDeg = softLimit(this.#scale * wanted.yawDeg, MOST_YAW_DEG);
    wanted.pitchDeg = softLimit(this.#scale * wanted.pitchDeg - BREATH_PITCH_DEG * breath, MOST_PITCH_DEG);
    wanted.rollDeg = softLimit(this.#scale * wanted.rollDeg, MOST_ROLL_DEG);
    leanWithTurn(wanted);
    wanted.yMm -= BREATH_MM * breath;
    this.#moveToward(wanted);
    return { ...this.#pose };
  }

  #addVoice({ accent }: Prosody, wanted: MutablePose): void {
    if (accent > 0 && this.#random.chance(STRESS_CHANCE + STRESS_CHANCE_MORE * accent)) {
      const size = this.#traits.stress * accent;
      const up = this.#random.chance(UP_CHANCE + UP_CHANCE_PER_SEMITONE * this.#manner.pitch) ? -0.6 : 1;
      this.#nodPulse.strike(up * NOD_DEG * size * this.#random.between(0.5, 1.1));
      this.#turnPulse.strike(TURN_DEG * size * this.#random.between(-1, 1));
    }
    const nod = this.#nod.toward(this.#nodPulse.next(), NOD_RATE);
    const turn = this.#turn.toward(this.#turnPulse.next(), TURN_RATE);
    const lift = this.#lift.toward(this.#traits.size * LIFT_PER_SEMITONE * clamp(this.#manner.pitch, LOWEST_LIFTED, HIGHEST_LIFTED), LIFT_RATE);
    wanted.yawDeg += turn;
    wanted.pitchDeg += nod - lift;
    wanted.rollDeg -= 0.3 * turn;
  }

  /** Returns how full of air the chest is, 0..1. */
  #nextBreath(): number {
    this.#breath = (this.#breath + BREATH_STEP * (1 + 0.2 * this.#breathPace.next())) % 1;
    return this.#breath < BREATH_IN ? smoothStep(0, BREATH_IN, this.#breath) : 1 - smoothStep(BREATH_IN, 1, this.#breath);
  }

  /** Goes to the wanted pose, or as far as the fastest point of the face may move in one frame, the slower the nearer to that. Turns `wanted` into the change. */
  #moveToward(wanted: MutablePose): void {
    const pose = this.#pose;
    for (const key of POSE_KEYS) {
      wanted[key] -= pose[key];
    }
    const moveMm = moveOfFaceMm(wanted);
    const part = moveMm > 0 ? softLimit(moveMm, MOST_MOVE_MM) / moveMm : 0;
    for (const key of POSE_KEYS) {
      pose[key] += part * wanted[key];
    }
  }
}

/** A voice is followed by its pauses while the face speaks; a face that was interrupted goes to what it does then. */
function modeOf(prosody: Prosody, state: FaceState): HeadMode {
  if (prosody.speaking) {
    return 'speaking';
  }
  return state === 'speaking' ? 'pausing' : state;
}
