import { VOICE_WINDOW_SAMPLES } from './voice-activity-detector.ts';

/** Mean square of samples in −1..1 below which nobody speaks: −60 dBFS. */
const QUIET_POWER = 1e-6;

/** Sound at least so many times the power of the noise (3 dB above it) may be speech. */
const LOUDER = 2;

/** Probability below which a window counts as noise, far under any threshold for speech. */
const NOISE_PROBABILITY = 0.1;

/** Windows without anything like speech, half a second, after which noise need not be looked at any more. */
const CALM_WINDOWS = 16;

/** How fast the noise is followed, per window: up by 0.2 dB, as clicks must not hide soft speech; down by a tenth of the way. */
const RISE = 1.05;
const FALL = 0.1;

/**
 * Says which windows of one microphone the network, which costs most of it, need not look at: silence, and steady noise while
 * nothing like speech is heard. It learns the noise from what the network takes for noise, and opens for any window that is louder.
 */
export class VoiceActivityGate {
  /** Of the windows that are to be judged. */
  #powers: readonly number[] = [];
  #noisePower = QUIET_POWER / LOUDER;
  #calmWindows = 0;

  /** Says whether any of the next windows, samples in −1..1, may be speech. Tell with `judged` what came of them. */
  opensFor(windows: Float32Array): boolean {
    this.#powers = powersOf(windows);
    const least = this.#calmWindows < CALM_WINDOWS ? QUIET_POWER : LOUDER * this.#noisePower;
    return this.#powers.some((power) => power >= least);
  }

  /** Takes the probability of speech of each of these windows, 0..1: 0 for those that were not looked at. */
  judged(probabilities: readonly number[]): void {
    for (const [window, power] of this.#powers.entries()) {
      if (probabilities[window]! >= NOISE_PROBABILITY) {
        this.#calmWindows = 0;
      } else {
        this.#calmWindows += 1;
        this.#learn(power);
      }
    }
  }

  #learn(power: number): void {
    const noise = this.#noisePower;
    // The floor keeps it from learning that digital silence is noise: it could not rise from there.
    this.#noisePower = Math.max(QUIET_POWER / LOUDER, power > noise ? noise * RISE : noise + FALL * (power - noise));
  }
}

/** Mean square of each window. */
function powersOf(windows: Float32Array): number[] {
  const powers = new Array<number>(windows.length / VOICE_WINDOW_SAMPLES).fill(0);
  for (let n = 0; n < windows.length; n++) {
    powers[Math.floor(n / VOICE_WINDOW_SAMPLES)]! += (windows[n]! * windows[n]!) / VOICE_WINDOW_SAMPLES;
  }
  return powers;
}
