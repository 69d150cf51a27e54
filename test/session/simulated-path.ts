import { ArrivalFeedback } from '../../loadtest/arrival-feedback.ts';
import { NarrowLink } from '../../loadtest/narrow-link.ts';
import { CongestionController } from '../../src/encode/congestion-controller.ts';
import { PathMeter } from '../../src/transport/path-meter.ts';
import { TransportFeedback } from '../../src/transport/transport-feedback.ts';

/** What a simulated path does at a moment. */
export interface PathState {
  /** Kilobits a second that pass; Infinity for any number. */
  readonly kbps: number;
  /** One way, in milliseconds. */
  readonly delayMs: number;
  /** Up to how many more by chance; packets keep their order. */
  readonly jitterMs: number;
  readonly loss: number;
  /** The viewer takes nothing until then. */
  readonly stalledUntilMs: number;
}

/** A run to simulate. */
export interface SimulationOptions {
  readonly seconds: number;
  /** Kilobits a second that pictures need at most, whatever the bitrate. */
  readonly needKbps: number;
  readonly pathAt: (nowMs: number) => PathState;
}

/** What a simulated viewer saw. */
export interface SimulatedRun {
  /** The bitrate at the end of each second. */
  readonly kbps: readonly number[];
  /** When pictures were shown, and how long after they were drawn. */
  readonly shown: readonly { readonly atMs: number; readonly delayMs: number }[];
}

interface Frame {
  readonly drawnMs: number;
  readonly keyFrame: boolean;
  missing: number;
  wholeMs: number;
}

interface Later {
  readonly atMs: number;
  run(nowMs: number): void;
}

const FRAME_MS = 40;
const PACKET_BYTES = 1140;
const VOICE_MS = 20;
const VOICE_BYTES = 150;
/** RTP header, its extensions and the tag of encryption. */
const OVERHEAD_BYTES = 40;
/** From drawing a picture to sending it. */
const PIPELINE_MS = 40;
const FEEDBACK_MS = 100;
/** From the loss of a packet to the viewer's asking for it. */
const MISSED_MS = 60;

/** Meter and controller on a path in virtual time, with a viewer that reports as Chromium does and has what it misses sent again. */
class Simulation {
  readonly #options: SimulationOptions;
  readonly #meter = new PathMeter();
  readonly #controller = new CongestionController({ startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 });
  readonly #feedback = new TransportFeedback();
  readonly #arrivals = new ArrivalFeedback();
  readonly #frames: Frame[] = [];
  #later: Later[] = [];
  #link: { readonly kbps: number; readonly queue: NarrowLink | undefined } = { kbps: Infinity, queue: undefined };
  #lastArrivalMs = 0;
  #heldUntilMs = 0;
  #wantsKeyFrame = true;
  #firstNeeded = 0;
  #random = 1;

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  run(): SimulatedRun {
    const kbps: number[] = [];
    for (let nowMs = 0; nowMs < this.#options.seconds * 1000; nowMs++) {
      this.#tick(nowMs);
      const due = this.#later.filter(({ atMs }) => atMs <= nowMs);
      this.#later = this.#later.filter(({ atMs }) => atMs > nowMs);
      due.forEach((one) => { one.run(nowMs); });
      if (nowMs % 1000 === 999) {
        kbps.push(Math.round(this.#controller.bps / 1000));
      }
    }
    return { kbps, shown: shownOf(this.#frames) };
  }

  #tick(nowMs: number): void {
    if (nowMs % VOICE_MS === 0) {
      this.#send(nowMs, VOICE_BYTES, undefined);
    }
    if (nowMs % FRAME_MS === 0 && nowMs >= this.#heldUntilMs) {
      this.#draw(nowMs);
    }
    if (nowMs % FEEDBACK_MS === FEEDBACK_MS / 2) {
      this.#report(nowMs);
    }
  }

  #draw(nowMs: number): void {
    const keyFrame = this.#wantsKeyFrame;
    this.#wantsKeyFrame = false;
    const meanBytes = (Math.min(this.#controller.bps, this.#options.needKbps * 1000) * FRAME_MS) / 8000;
    const bytes = keyFrame ? 4 * meanBytes : meanBytes * (0.6 + 0.8 * this.#chance());
    const packets = Math.ceil(bytes / PACKET_BYTES);
    const index = this.#frames.push({ drawnMs: nowMs, keyFrame, missing: packets, wholeMs: Infinity }) - 1;
    this.#after(nowMs + PIPELINE_MS, (sentMs) => {
      for (let packet = 0; packet < packets; packet++) {
        this.#send(sentMs, Math.ceil(bytes / packets), index);
      }
    });
  }

  /** Sends a packet of a picture, or of the voice, which is not told of. */
  #send(nowMs: number, bytes: number, frame: number | undefined): void {
    const { kbps, delayMs, jitterMs, loss, stalledUntilMs } = this.#options.pathAt(nowMs);
    if (kbps !== this.#link.kbps) {
      this.#link = { kbps, queue: kbps === Infinity ? undefined : new NarrowLink(kbps) };
    }
    const number = frame === undefined ? 0 : this.#meter.sending(bytes, nowMs);
    const passedMs = this.#link.queue === undefined ? nowMs : this.#link.queue.passes(bytes + OVERHEAD_BYTES, nowMs);
    if (passedMs === undefined || this.#chance() < loss) {
      this.#after((passedMs ?? nowMs) + MISSED_MS + 2 * delayMs, (missedMs) => {
        if (frame !== undefined && frame >= this.#firstNeeded) {
          this.#send(missedMs, bytes, frame);
        }
      });
      return;
    }
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, passedMs + delayMs + jitterMs * this.#chance(), stalledUntilMs);
    if (frame !== undefined) {
      this.#after(this.#lastArrivalMs, (arrivedMs) => { this.#receive(arrivedMs, number, this.#frames[frame]!); });
    }
  }

  #receive(nowMs: number, number: number, frame: Frame): void {
    this.#arrivals.arrived(number, nowMs);
    frame.missing -= 1;
    if (frame.missing === 0) {
      frame.wholeMs = nowMs;
    }
  }

  #report(nowMs: number): void {
    const { delayMs, loss, stalledUntilMs } = this.#options.pathAt(nowMs);
    const message = stalledUntilMs > nowMs ? undefined : this.#arrivals.message();
    if (message !== undefined && this.#chance() >= loss) {
      this.#after(nowMs + delayMs, (heardMs) => { this.#hear(message, heardMs); });
    }
  }

  #hear(message: Buffer, nowMs: number): void {
    const reading = this.#feedback.read(message) ? this.#meter.heard(this.#feedback, nowMs) : undefined;
    if (reading === undefined) {
      return;
    }
    const { holdMs, startAnew } = this.#controller.read(reading, nowMs);
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + holdMs);
    if (startAnew) {
      this.#wantsKeyFrame = true;
      this.#firstNeeded = this.#frames.length;
    }
  }

  #after(atMs: number, run: (nowMs: number) => void): void {
    this.#later.push({ atMs, run });
  }

  /** Lehmer's generator: the same at each run. */
  #chance(): number {
    this.#random = (this.#random * 48_271) % 0x7fff_ffff;
    return this.#random / 0x7fff_ffff;
  }
}

/** Runs meter and controller on a path. */
export function simulate(options: SimulationOptions): SimulatedRun {
  return new Simulation(options).run();
}

/** A picture is shown when it and all before it are there, or all since a key frame, unless a later key frame was there sooner. */
function shownOf(frames: readonly Frame[]): { atMs: number; delayMs: number }[] {
  const shown: { atMs: number; delayMs: number }[] = [];
  let beforeMs = 0;
  for (const [index, { drawnMs, wholeMs, keyFrame }] of frames.entries()) {
    const nextKeyFrame = frames.slice(index + 1).find((later) => later.keyFrame);
    beforeMs = keyFrame ? wholeMs : Math.max(beforeMs, wholeMs);
    if (beforeMs < (nextKeyFrame?.wholeMs ?? Infinity)) {
      shown.push({ atMs: beforeMs, delayMs: beforeMs - drawnMs });
    }
  }
  return shown;
}
