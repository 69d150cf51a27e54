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
  #power = 0;
  #noisePower = QUIET_POWER / LOUDER;
  #calmWindows = 0;

  /** Says whether the next window, samples in −1..1, may be speech; if so, tell with `judged` what the network says of it. */
  opensFor(window: Float32Array): boolean {
    this.#power = meanSquare(window);
    const opens = this.#power >= QUIET_POWER && (this.#calmWindows < CALM_WINDOWS || this.#power >= LOUDER * this.#noisePower);
    if (!opens) {
      this.judged(0);
    }
    return opens;
  }

  /** Takes the probability of speech of the last window, 0..1. */
  judged(probability: number): void {
    if (probability >= NOISE_PROBABILITY) {
      this.#calmWindows = 0;
      return;
    }
    this.#calmWindows += 1;
    const noise = this.#noisePower;
    this.#noisePower = Math.max(QUIET_POWER / LOUDER, this.#power > noise ? noise * RISE : noise + FALL * (this.#power - noise));
  }
}

function meanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) {
    sum += sample * sample;
  }
  return sum / samples.length;
}
