import { NEUTRAL_POSE, type HeadPose } from '../base/motion-frame.ts';
import type { FaceState } from './face-state.ts';
import { MOST_PITCH_DEG, MOST_ROLL_DEG, MOST_YAW_DEG, type MutablePose } from './head-reach.ts';
import type { Random } from './random.ts';
import { clamp } from './shaping.ts';
import type { SpeakingManner } from './speaking-manner.ts';

/** What a head does: a face's state, and its pauses while it speaks. */
export type HeadMode = FaceState | 'pausing';

/** How the head of each style moves, as parts of what the numbers here say: size and pace of postures, turns to the sides in speech, nods with stress. */
export const STYLE_TRAITS = Object.freeze({
  calm: { size: 0.6, turn: 0.9, pace: 0.75, stress: 0.5 },
  lively: { size: 1, turn: 1, pace: 1, stress: 1 },
  presenter: { size: 1.2, turn: 1.35, pace: 1.2, stress: 1.25 },
});

/** Name of a way to move the head. */
export type HeadStyle = keyof typeof STYLE_TRAITS;

/**
 * Each mode's postures: their largest angles from the middle of its range in degrees (a speaker's with a vigour of 1), how far the
 * head strays while it stays near one, how far down it looks and is tilted to one side, how often a posture is on the other side
 * than the last, frames to go there, frames of each stay there and the number of stays.
 */
const MODES = {
  idle: { yaw: 1.7, pitch: 0.9, roll: 0.9, drift: 0.4, down: 0, tilt: 0, turns: 0.5, go: [30, 54], stay: [24, 46], stays: [1, 4] },
  listening: { yaw: 1.6, pitch: 0.5, roll: 0.7, drift: 0.35, down: 0.8, tilt: 1.1, turns: 0.3, go: [24, 42], stay: [22, 42], stays: [1, 3] },
  speaking: { yaw: 3.7, pitch: 1.7, roll: 1.6, drift: 0.6, down: 0, tilt: 0, turns: 0.65, go: [11, 22], stay: [8, 17], stays: [1, 2] },
  pausing: { yaw: 1.3, pitch: 0.6, roll: 0.7, drift: 0.35, down: 0.2, tilt: 0, turns: 0.5, go: [22, 40], stay: [20, 36], stays: [2, 5] },
} as const;

/** A speaker's head is raised as a phrase begins and sinks over its first three seconds; it is raised with the voice's pitch, within these semitones. */
const RAISED_DEG = 1;
const SINKS_DEG = 1.6;
const SINKING_FRAMES = 75;
const RAISED_PER_SEMITONE = 0.1;
const RAISED_PITCHES = [-4, 6] as const;

/** Part of its posture a head keeps as a phrase begins and as it settles after speaking, and the frames that takes. */
const STARTING = { kept: 0.7, frames: [8, 13] } as const;
const SETTLING = { kept: 0.15, frames: [15, 24] } as const;

/** Slow nods of a listener: how often they come rather than another posture, how many, how deep, each less so than the one before; frames down and up. */
const NODS = { chance: 0.7, count: [1, 3], deg: [1.3, 2], less: 0.65, down: [10, 13], up: [11, 15] } as const;

/** How sharply a nod turns at its deepest, as a part of the way and of the frames squared: as half a sine, π² / 2. */
const NOD_TURN = Math.PI ** 2 / 2;

/** Part of its range that a portrait's own turn takes from turning farther the same way, per degree, and what is left at least. */
const AWAY_PER_DEG = 1 / 30;
const LEAST_AWAY = 0.3;

/** Chooses where one head goes next: seeded, and conditioned on the portrait's own pose, on what the head does, and on how the voice spoke of late. */
export class HeadGestures {
  /** Where the head goes, as degrees from the portrait's own pose. */
  readonly goal: Pick<MutablePose, 'yawDeg' | 'pitchDeg' | 'rollDeg'> = { yawDeg: 0, pitchDeg: 0, rollDeg: 0 };
  /** Frames it takes to go there. */
  frames = 0;
  /** How sharply it turns back there: its acceleration as a part of the way and of the frames squared; 0 where it rests. */
  turn = 0;
  readonly #random: Random;
  readonly #style: (typeof STYLE_TRAITS)[HeadStyle];
  readonly #first: HeadPose;
  /** The posture that the head stays near. */
  readonly #posture: MutablePose = { ...NEUTRAL_POSE };
  #mode: HeadMode = 'idle';
  #stays = 0;
  #side: number;
  #nodStrokes = 0;
  #nodDeg = 0;

  constructor(random: Random, { style, firstPose }: { readonly style: HeadStyle; readonly firstPose: HeadPose }) {
    this.#random = random;
    this.#style = STYLE_TRAITS[style];
    this.#first = firstPose;
    this.#side = random.chance(0.5) ? 1 : -1;
  }

  /** Chooses the first goal of another mode, from the pose where that begins. */
  begin(mode: HeadMode, manner: SpeakingManner, from: HeadPose): void {
    this.#mode = mode;
    this.#nodStrokes = 0;
    this.#stays = 0;
    const { kept, frames } = mode === 'speaking' ? STARTING : SETTLING;
    this.#place(kept * from.yawDeg, kept * from.pitchDeg + this.#downDeg(manner), kept * from.rollDeg + MODES[mode].tilt * this.#side);
    this.frames = this.#count(frames);
  }

  /** Chooses the next goal of the same mode: stays near the posture for a while, then nods or takes another. */
  next(manner: SpeakingManner): void {
    const { go, stay, stays } = MODES[this.#mode];
    const vigour = this.#mode === 'speaking' ? manner.vigour : 1;
    const pace = this.#style.pace * (0.6 + 0.4 * vigour);
    if (this.#nodStrokes > 0) {
      this.#nod();
    } else if (this.#stays > 0) {
      this.#stays -= 1;
      this.#stray(vigour);
      this.frames = this.#count(stay, pace);
    } else {
      this.#stays = this.#count(stays);
      if (this.#mode === 'listening' && this.#random.chance(NODS.chance)) {
        this.#nodStrokes = 2 * this.#count(NODS.count);
        this.#nodDeg = this.#style.size * this.#random.between(...NODS.deg);
        this.#nod();
      } else {
        this.#takePosture(vigour, this.#downDeg(manner));
        this.frames = this.#count(go, pace);
      }
    }
  }

  #takePosture(vigour: number, downDeg: number): void {
    const { yaw, pitch, roll, tilt, turns } = MODES[this.#mode];
    const size = this.#style.size * vigour;
    this.#side = this.#random.chance(turns) ? -this.#side : this.#side;
    const yawDeg = size * (this.#mode === 'speaking' ? this.#style.turn : 1) * yaw * this.#side * this.#random.between(0.2, 1);
    // A head that turns tilts a little to the same side.
    this.#place(yawDeg, downDeg + size * pitch * this.#random.between(-1, 1), 0.2 * yawDeg + size * roll * this.#random.between(-1, 1) + tilt * this.#side);
  }

  /** Returns how far down the head looks in the middle of its range. */
  #downDeg({ phraseFrames, pitchAhead }: SpeakingManner): number {
    if (this.#mode !== 'speaking') {
      return MODES[this.#mode].down;
    }
    const sunk = SINKS_DEG * Math.min(1, phraseFrames / SINKING_FRAMES);
    return -this.#style.size * (RAISED_DEG - sunk + RAISED_PER_SEMITONE * clamp(pitchAhead, ...RAISED_PITCHES));
  }

  /** Goes down or up again, the last time to rest. */
  #nod(): void {
    this.#nodStrokes -= 1;
    const down = this.#nodStrokes % 2 === 1;
    const { yawDeg, pitchDeg, rollDeg } = this.#posture;
    this.#set(yawDeg, pitchDeg + (down ? this.#nodDeg : 0), rollDeg);
    this.#nodDeg *= down ? NODS.less : 1;
    this.turn = this.#nodStrokes === 0 ? 0 : NOD_TURN;
    this.frames = this.#count(down ? NODS.down : NODS.up);
  }

  #stray(vigour: number): void {
    const deg = MODES[this.#mode].drift * this.#style.size * vigour;
    const { yawDeg, pitchDeg, rollDeg } = this.#posture;
    this.#set(yawDeg + 1.6 * deg * this.#random.between(-1, 1), pitchDeg + deg * this.#random.between(-1, 1), rollDeg + deg * this.#random.between(-1, 1));
  }

  #place(yawDeg: number, pitchDeg: number, rollDeg: number): void {
    this.#posture.yawDeg = yawDeg;
    this.#posture.pitchDeg = pitchDeg;
    this.#posture.rollDeg = rollDeg;
    this.#set(yawDeg, pitchDeg, rollDeg);
  }

  #set(yawDeg: number, pitchDeg: number, rollDeg: number): void {
    this.turn = 0;
    this.goal.yawDeg = held(yawDeg, this.#first.yawDeg, MOST_YAW_DEG);
    this.goal.pitchDeg = held(pitchDeg, this.#first.pitchDeg, MOST_PITCH_DEG);
    this.goal.rollDeg = held(rollDeg, this.#first.rollDeg, MOST_ROLL_DEG);
  }

  #count([least, most]: readonly [number, number], pace = 1): number {
    return Math.round(this.#random.between(least, most) / pace);
  }
}

/** Limits an angle, and turns less the way that the portrait is turned already. */
function held(deg: number, firstDeg: number, mostDeg: number): number {
  const away = deg * firstDeg > 0 ? Math.max(LEAST_AWAY, 1 - AWAY_PER_DEG * Math.abs(firstDeg)) : 1;
  return clamp(away * deg, -mostDeg, mostDeg);
}
