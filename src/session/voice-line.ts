import type { EncodedUnit } from '../base/encoded-unit.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import type { VoiceEncoder } from '../encode/voice-encoder.ts';

/** Losses in percent that the voice can be made ready for: each costs bits that the sound itself then lacks. */
const LOSS_LEVELS = [5, 12, 25] as const;

/** Weight of the latest report in the smoothed loss. */
const LATEST = 0.3;

/** Time at a level before it may fall. */
const CALM_MS = 10_000;

/** A new encoder waits so long for a tick without a louder sample than this (−46 dB), in which its beginning is not heard. */
const LONGEST_WAIT_TICKS = 150;
const QUIET_BELOW = 0.005;

/** What a voice line is made of. */
export interface VoiceLineParts {
  openEncoder(expectedLossPercent: number): Promise<VoiceEncoder>;
  readonly stats: Stats;
  readonly onFailed: (error: unknown) => void;
}

/** One viewer's voice to Opus packets, with as much error correction as the reported loss asks for. */
export class VoiceLine implements Closeable {
  readonly #scope = new Scope();
  readonly #parts: VoiceLineParts;
  #encoder: VoiceEncoder;
  #next: VoiceEncoder | undefined;
  #waitedTicks = 0;
  #level: number = LOSS_LEVELS[0];
  #loss = 0;
  #changedMs = -Infinity;

  static async open(parts: VoiceLineParts): Promise<VoiceLine> {
    return new VoiceLine(parts, await parts.openEncoder(LOSS_LEVELS[0]));
  }

  private constructor(parts: VoiceLineParts, encoder: VoiceEncoder) {
    this.#parts = parts;
    this.#encoder = encoder;
    this.#scope.defer(() => this.#encoder.close());
    this.#scope.defer(() => this.#next?.close());
  }

  /** The loss in percent that the voice is made ready for. */
  get expectedLossPercent(): number {
    return this.#level;
  }

  /** Encodes one tick: 960 samples at 48 kHz. */
  encode(samples: Float32Array, mediaUs: number): EncodedUnit {
    this.#waitedTicks += 1;
    if (this.#next !== undefined && (isQuiet(samples) || this.#waitedTicks > LONGEST_WAIT_TICKS)) {
      void this.#encoder.close();
      this.#encoder = this.#next;
      this.#next = undefined;
    }
    const startMs = performance.now();
    const unit = this.#encoder.encode(samples, mediaUs);
    this.#parts.stats.stageMs('encode_audio', performance.now() - startMs);
    return unit;
  }

  /** Takes the share of packets lost (0..1) that the viewer reports. */
  reported(fractionLost: number, nowMs: number): void {
    this.#loss += LATEST * (fractionLost - this.#loss);
    const wanted = LOSS_LEVELS.find((level) => level >= this.#loss * 100) ?? LOSS_LEVELS[LOSS_LEVELS.length - 1]!;
    if (wanted > this.#level || (wanted < this.#level && nowMs - this.#changedMs > CALM_MS)) {
      this.#level = wanted;
      this.#changedMs = nowMs;
      this.#reopen(wanted).catch((error: unknown) => { this.#parts.onFailed(error); });
    }
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #reopen(level: number): Promise<void> {
    const encoder = await this.#parts.openEncoder(level);
    if (this.#scope.closed || level !== this.#level) {
      await encoder.close();
      return;
    }
    await this.#next?.close();
    this.#next = encoder;
    this.#waitedTicks = 0;
  }
}

function isQuiet(samples: Float32Array): boolean {
  return samples.every((sample) => Math.abs(sample) < QUIET_BELOW);
}
