import { WHOLE_FROM_BPS } from './bitrate-controller.ts';
import type { BitrateControllerOptions } from './bitrate-controller.ts';

/** What single packets tell of a viewer's path, some ten times a second. */
export interface PathSigns {
  /** Least time that the packets that came last waited in queues, in milliseconds. */
  readonly queueMs: number;
  /** How long a packet sent now would wait if the path took no more than arrives, in milliseconds. */
  readonly backlogMs: number;
  /** Bits of picture a second that were sent, and that arrived. */
  readonly sentBps: number;
  readonly arrivedBps: number;
  /** Bits of picture a second with which packets that leave together arrive; undefined where there were none of late. */
  readonly capacityBps: number | undefined;
  /** Share of packets lost of late, 0..1. */
  readonly fractionLost: number;
  /** From the sending of a packet to hearing of it, in milliseconds. */
  readonly responseMs: number;
}

/** What to do about a viewer's path. */
export interface CongestionOrder {
  /** Bits a second for the picture. */
  readonly bitrateBps: number;
  /** Time for which no picture should be made, so that a queue empties, in milliseconds; mostly 0. */
  readonly holdMs: number;
  /** So much was lost that a key frame comes sooner than all that is missing. */
  readonly startAnew: boolean;
}

/** Least wait from which on a queue stands on the path, and below which there is none, in milliseconds. */
const QUEUE_MS = 50;
const CALM_MS = 25;

/** Wait that is a queue in any case, in milliseconds. */
const CERTAIN_MS = 150;

/** Part of what is sent below which what arrives shows a queue that grows; capacity, over what is sent, below which one may stand. */
const GROWING = 0.9;
const GROWING_FAST = 0.75;
const FULL = 1.5;

/** Part of what arrives that is sent on: the queue must empty. */
const FALL_SHARE = 0.85;

/** Longest time without pictures, in milliseconds. */
const LONGEST_HOLD_MS = 300;

/** Time in which what was sent before a fall is heard of, beyond the response time, in milliseconds. */
const SETTLE_MS = 200;

/** Losses from which on the bitrate falls though nothing queues, and from which on a queue that overflowed has left too much missing. */
const HIGH_LOSS = 0.12;
const OVERFLOW_LOSS = 0.15;

/** Backlog that a queue overflows with, or that nobody wants to wait for, in milliseconds. */
const OVERFLOW_MS = 400;

/** Time after a fall in which losses still tell of the time before it, in milliseconds. */
const OVERFLOW_SETTLE_MS = 1500;

/** Least time between two falls because of losses, in milliseconds. */
const LOSS_SETTLE_MS = 1500;

/** Growth of the bitrate in a second, as the exponent of e: where nothing speaks against it, and near what was too much. */
const FAST_RISE = 0.4;
const SLOW_RISE = 0.03;

/** Around what was too much, from where to where the bitrate rises slowly. */
const NEAR_FROM = 0.75;
const NEAR_TO = 1.1;

/** Part of the capacity that is used, and how much more than what was too much shows that the path is another now. */
const CAPACITY_SHARE = 0.9;
const WIDER = 2;

/** Part of the bitrate that must be in use before it rises. */
const IN_USE = 0.6;

/** Longest time that counts between two signs, in milliseconds. */
const LONGEST_STEP_MS = 250;

/** Chooses a viewer's video bitrate from when its packets arrive: down as soon as a queue begins to stand on the path, and up while there is none. */
export class CongestionController {
  readonly #minBps: number;
  readonly #maxBps: number;
  #bps: number;
  #readMs: number | undefined;
  #queueMs = 0;
  #usedBps = 0;
  /** What arrived when it was too much. */
  #limitBps = Infinity;
  #settledMs = -Infinity;
  #lossSettledMs = -Infinity;
  #anewMs = -Infinity;

  /** Starts at `startBps`. @throws TypeError unless 0 < min ≤ start ≤ max. */
  constructor({ startBps, minBps, maxBps }: BitrateControllerOptions) {
    if (!(minBps > 0 && minBps <= startBps && startBps <= maxBps)) {
      throw new TypeError(`Bitrates need 0 < min ≤ start ≤ max, not ${minBps}, ${startBps}, ${maxBps}.`);
    }
    this.#minBps = minBps;
    this.#maxBps = maxBps;
    this.#bps = startBps;
  }

  /** The bitrate in use, in bits a second. */
  get bps(): number {
    return this.#bps;
  }

  /** Takes signs of the path. `nowMs` may start anywhere. */
  read(path: PathSigns, nowMs: number): CongestionOrder {
    const stepMs = Math.min(LONGEST_STEP_MS, nowMs - (this.#readMs ?? nowMs));
    const queued = this.#queueMs > QUEUE_MS / 2;
    this.#readMs = nowMs;
    this.#queueMs = path.queueMs;
    this.#usedBps += (path.sentBps - this.#usedBps) * (stepMs / 1000);
    let holdMs = 0;
    if (nowMs >= this.#settledMs) {
      if (isCertain(path) || (queued && isNarrow(path))) {
        holdMs = this.#fall(path, nowMs);
      } else {
        this.#adapt(path, { stepMs, nowMs });
      }
    } else if (path.queueMs > CERTAIN_MS && path.arrivedBps < path.sentBps) {
      // At first what arrived included what came before the queue.
      this.#set(Math.min(this.#bps, path.arrivedBps * FALL_SHARE));
    }
    return { bitrateBps: this.#bps, holdMs, startAnew: this.#startsAnew(path, nowMs) };
  }

  /** Falls below what arrives; returns the time that the queue takes to empty. */
  #fall({ arrivedBps, backlogMs, responseMs }: PathSigns, nowMs: number): number {
    this.#limitBps = arrivedBps;
    this.#set(Math.min(this.#bps, arrivedBps * FALL_SHARE));
    const holdMs = Math.min(LONGEST_HOLD_MS, backlogMs);
    this.#settledMs = nowMs + holdMs + responseMs + SETTLE_MS;
    this.#lossSettledMs = nowMs + OVERFLOW_SETTLE_MS;
    return holdMs;
  }

  /** A queue that overflowed, or will, has left so much missing that a key frame is there sooner. */
  #startsAnew({ queueMs, backlogMs, fractionLost }: PathSigns, nowMs: number): boolean {
    const anew = nowMs >= this.#anewMs && nowMs < this.#settledMs && queueMs > QUEUE_MS && (fractionLost > OVERFLOW_LOSS || backlogMs > OVERFLOW_MS);
    if (anew) {
      this.#anewMs = nowMs + OVERFLOW_SETTLE_MS;
    }
    return anew;
  }

  #adapt({ queueMs, fractionLost, capacityBps }: PathSigns, { stepMs, nowMs }: { stepMs: number; nowMs: number }): void {
    if (fractionLost > HIGH_LOSS) {
      this.#loses(fractionLost, nowMs);
    } else if (queueMs < CALM_MS && (this.#bps < WHOLE_FROM_BPS || this.#usedBps > this.#bps * IN_USE)) {
      this.#rise(capacityBps, stepMs);
    }
  }

  #loses(fractionLost: number, nowMs: number): void {
    if (nowMs >= this.#lossSettledMs) {
      this.#set(this.#bps * (1 - fractionLost / 2));
      this.#lossSettledMs = nowMs + LOSS_SETTLE_MS;
    }
  }

  #rise(capacityBps: number | undefined, stepMs: number): void {
    if (this.#bps > this.#limitBps * NEAR_TO || (capacityBps ?? 0) > this.#limitBps * WIDER) {
      this.#limitBps = Infinity;
    }
    if (this.#bps < (capacityBps ?? Infinity) * CAPACITY_SHARE) {
      this.#set(this.#bps * Math.exp(((this.#bps > this.#limitBps * NEAR_FROM ? SLOW_RISE : FAST_RISE) * stepMs) / 1000));
    }
  }

  #set(bps: number): void {
    this.#bps = Math.min(this.#maxBps, Math.max(this.#minBps, bps));
  }
}

/**
 * Says whether a queue is one: less arrives than is sent, or hardly more could. Else the path became longer, or the viewer is
 * busy; but a wait that is long enough counts in any case.
 */
function isNarrow({ queueMs, sentBps, arrivedBps, capacityBps }: PathSigns): boolean {
  return queueMs > QUEUE_MS && (arrivedBps < sentBps * GROWING || (capacityBps ?? Infinity) < sentBps * FULL || queueMs > CERTAIN_MS);
}

/** Says whether a queue grows fast: all signs at once are no chance. */
function isCertain({ queueMs, sentBps, arrivedBps, capacityBps }: PathSigns): boolean {
  return queueMs > QUEUE_MS / 2 && arrivedBps < sentBps * GROWING_FAST && (capacityBps ?? Infinity) < sentBps;
}
