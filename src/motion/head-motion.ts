import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';
import type { FaceState } from './face-state.ts';
import type { Prosody } from './prosody.ts';
import type { Random } from './random.ts';
import { smoothStep, softLimit } from './shaping.ts';
import { SlowNoise } from './slow-noise.ts';
import { FadingPulse, Spring } from './spring.ts';

/** Most the head turns, in degrees. */
const MOST_YAW_DEG = 6;
const MOST_PITCH_DEG = 5;
const MOST_ROLL_DEG = 4;

/** Most that any point of the face moves in one frame, in mm: 1.2 px where a 512 px portrait has 1.67 px/mm; with its brows, raised meanwhile, under 1.5 px. */
const MOST_MOVE_MM = 0.7;

/** Distances from the neck's pivot by which turning moves the farthest points of the face, in mm. */
const NOSE_MM = 115;
const CROWN_MM = 150;
const CHEEK_MM = 85;

const DEGREE = Math.PI / 180;

/** How large each kind of movement is, in degrees, when speaking and at rest. */
const SIZES = {
  speaking: { yaw: 3.6, pitch: 1.8, roll: 2, swayYaw: 0.9, swayPitch: 0.6, swayRoll: 0.7 },
  resting: { yaw: 1.6, pitch: 0.7, roll: 0.9, swayYaw: 0.6, swayPitch: 0.35, swayRoll: 0.45 },
} as const;

/** Frames a posture is kept. */
const POSTURE_FRAMES = { idle: [90, 200], listening: [80, 180], speaking: [35, 90] } as const;

/** How the head of each style moves, as parts of what the numbers here say. */
const STYLES = {
  calm: { postures: 0.6, accents: 0.55, waits: 1.5 },
  lively: { postures: 1, accents: 1, waits: 1 },
  presenter: { postures: 1.35, accents: 1.3, waits: 0.75 },
} as const;

/** Name of a way to move the head. */
export type HeadStyle = keyof typeof STYLES;

/** Springs, in rad/s: postures change slowly, nods quickly. */
const POSTURE_RATE = 2.4;
const NOD_RATE = 12;

/** Push of a nod with the strongest stress and of a listener's nod, in degrees (the head goes 45 % of it); frames between listener's nods and within a double one. */
const ACCENT_NOD_DEG = 5;
const LISTENER_NOD_DEG = 5.5;
const LISTENER_NOD_FRAMES = [75, 190] as const;
const DOUBLE_NOD_FRAMES = 13;

/** Breath: 15 a minute, taking in air during 40 % of it; the shoulders lift the head by so much. */
const BREATH_STEP = 0.25 * 0.04;
const BREATH_IN = 0.4;
const BREATH_MM = 0.9;
const BREATH_PITCH_DEG = 0.3;

type MutablePose = { -readonly [key in keyof HeadPose]: HeadPose[key] };

/** Moves one head: postures, sway, nods with the voice's stress, breath. Seeded; bounded in angle and in speed. */
export class HeadMotion {
  readonly #random: Random;
  readonly #swayYaw: SlowNoise;
  readonly #swayPitch: SlowNoise;
  readonly #swayRoll: SlowNoise;
  readonly #breathPace: SlowNoise;
  readonly #speech = new Spring();
  readonly #yaw = new Spring();
  readonly #pitch = new Spring();
  readonly #roll = new Spring();
  readonly #nod = new Spring();
  readonly #turn = new Spring();
  readonly #nodPulse = new FadingPulse(0.16);
  readonly #turnPulse = new FadingPulse(0.25);
  readonly #pose: MutablePose = { ...NEUTRAL_POSE };
  readonly #wanted: MutablePose = { ...NEUTRAL_POSE };
  #yawGoal = 0;
  #pitchGoal = 0;
  #rollGoal = 0;
  #untilPosture = 0;
  #untilNod: number;
  #nodsAgain = false;
  #breath = 0;
  readonly #scale: number;
  readonly #style: (typeof STYLES)[HeadStyle];

  /** `liveliness` scales all movement but breath; 1 is natural. Throws a TypeError on an unknown style. */
  constructor(random: Random, { liveliness, style }: { liveliness: number; style: HeadStyle }) {
    if (!Object.hasOwn(STYLES, style)) {
      throw new TypeError(`The style must be one of ${Object.keys(STYLES).join(', ')}, not ${style}.`);
    }
    this.#random = random;
    this.#scale = liveliness;
    this.#style = STYLES[style];
    this.#swayYaw = new SlowNoise(random, 0.09);
    this.#swayPitch = new SlowNoise(random, 0.12);
    this.#swayRoll = new SlowNoise(random, 0.08);
    this.#breathPace = new SlowNoise(random, 0.03);
    this.#untilNod = this.#frames(LISTENER_NOD_FRAMES);
  }

  /** Returns the pose of the next video frame, as a new object. */
  next(prosody: Prosody, state: FaceState): HeadPose {
    this.#speech.toward(speechShare(prosody, state), 4);
    this.#choosePosture(prosody, state);
    this.#startNods(prosody, state);
    this.#want();
    this.#moveWithinSpeed();
    return { ...this.#pose };
  }

  #choosePosture(prosody: Prosody, state: FaceState): void {
    this.#untilPosture -= 1;
    const settles = prosody.phraseEnded && this.#random.chance(0.6);
    if (this.#untilPosture > 0 && !settles && !prosody.phraseStarted) {
      return;
    }
    const sizes = prosody.speaking ? SIZES.speaking : SIZES.resting;
    const part = (settles ? 0.4 : 1) * this.#style.postures;
    this.#yawGoal = part * sizes.yaw * this.#random.between(-1, 1);
    this.#pitchGoal = part * sizes.pitch * this.#random.between(-1, 1) + (state === 'listening' ? 0.6 : 0);
    // A head that turns tilts a little to the same side.
    this.#rollGoal = part * sizes.roll * this.#random.between(-1, 1) + 0.2 * this.#yawGoal;
    this.#untilPosture = Math.round(this.#style.waits * this.#frames(POSTURE_FRAMES[state]));
  }

  #startNods(prosody: Prosody, state: FaceState): void {
    if (prosody.accent > 0) {
      const up = this.#random.chance(0.2) ? -0.6 : 1;
      this.#nodPulse.strike(up * ACCENT_NOD_DEG * this.#style.accents * prosody.accent * this.#random.between(0.6, 1.2));
      this.#turnPulse.strike(1.6 * this.#style.accents * prosody.accent * this.#random.between(-1, 1));
    }
    if (state !== 'listening' || prosody.speaking) {
      return;
    }
    this.#untilNod -= 1;
    if (this.#untilNod <= 0) {
      this.#nodPulse.strike(LISTENER_NOD_DEG * this.#random.between(0.7, 1) * (this.#nodsAgain ? 0.75 : 1));
      this.#nodsAgain = !this.#nodsAgain && this.#random.chance(0.5);
      this.#untilNod = this.#nodsAgain ? DOUBLE_NOD_FRAMES : this.#frames(LISTENER_NOD_FRAMES);
    }
  }

  /** Works out where the head would be if it could move at any speed. */
  #want(): void {
    const speech = this.#speech.value;
    const { speaking, resting } = SIZES;
    const breath = this.#nextBreath();
    const nod = this.#nod.toward(this.#nodPulse.next(), NOD_RATE);
    const turn = this.#turn.toward(this.#turnPulse.next(), 9);
    const yaw = this.#yaw.toward(this.#yawGoal, POSTURE_RATE) + turn + this.#swayYaw.next() * mix(resting.swayYaw, speaking.swayYaw, speech);
    const pitch = this.#pitch.toward(this.#pitchGoal, POSTURE_RATE) + nod + this.#swayPitch.next() * mix(resting.swayPitch, speaking.swayPitch, speech);
    const roll = this.#roll.toward(this.#rollGoal, POSTURE_RATE) - 0.3 * turn + this.#swayRoll.next() * mix(resting.swayRoll, speaking.swayRoll, speech);
    const wanted = this.#wanted;
    wanted.yawDeg = softLimit(this.#scale * yaw, MOST_YAW_DEG);
    wanted.pitchDeg = softLimit(this.#scale * pitch - BREATH_PITCH_DEG * breath, MOST_PITCH_DEG);
    wanted.rollDeg = softLimit(this.#scale * roll, MOST_ROLL_DEG);
    // A neck that turns also shifts: the head moves a little to the side it turns and tilts to.
    wanted.xMm = 0.25 * wanted.yawDeg + 0.35 * wanted.rollDeg;
    wanted.yMm = 0.3 * wanted.pitchDeg - BREATH_MM * breath;
  }

  /** Returns how full of air the chest is, 0..1. */
  #nextBreath(): number {
    this.#breath = (this.#breath + BREATH_STEP * (1 + 0.2 * this.#breathPace.next())) % 1;
    return this.#breath < BREATH_IN ? smoothStep(0, BREATH_IN, this.#breath) : 1 - smoothStep(BREATH_IN, 1, this.#breath);
  }

  /** Goes to the wanted pose, or the part of the way that the fastest point of the face may move in one frame. */
  #moveWithinSpeed(): void {
    const from = this.#pose;
    const to = this.#wanted;
    const yaw = to.yawDeg - from.yawDeg;
    const pitch = to.pitchDeg - from.pitchDeg;
    const roll = to.rollDeg - from.rollDeg;
    const x = to.xMm - from.xMm;
    const y = to.yMm - from.yMm;
    const across = DEGREE * (NOSE_MM * Math.abs(yaw) + CROWN_MM * Math.abs(roll)) + Math.abs(x);
    const down = DEGREE * (NOSE_MM * Math.abs(pitch) + CHEEK_MM * Math.abs(roll)) + Math.abs(y);
    const part = Math.min(1, MOST_MOVE_MM / Math.hypot(across, down));
    from.yawDeg += part * yaw;
    from.pitchDeg += part * pitch;
    from.rollDeg += part * roll;
    from.xMm += part * x;
    from.yMm += part * y;
  }

  #frames([least, most]: readonly [number, number]): number {
    return Math.round(this.#random.between(least, most));
  }
}

/** Returns how much the head moves as a speaker's: fully while a voice is heard, half in its pauses. */
function speechShare(prosody: Prosody, state: FaceState): number {
  if (prosody.speaking) {
    return 1;
  }
  return state === 'speaking' ? 0.5 : 0;
}

function mix(low: number, high: number, share: number): number {
  return low + (high - low) * share;
}
