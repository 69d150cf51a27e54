import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './figures.ts';
import { MicrophoneFeed } from './microphone-feed.ts';
import { MouthWatch } from './mouth-watch.ts';
import type { ClockPair, ShownFrame, ViewerRecord } from './received-figures.ts';
import { LOUD, SoundWatch } from './sound-watch.ts';
import type { Viewer } from './viewer.ts';
import type { WavFile } from './wav-file.ts';

/** Mouth of the default portrait in its 512 × 512 picture. */
const MOUTH = { left: 190, top: 300, width: 130, height: 100 };

/** Times the idle mouth's 95th percentile of change that counts as "the mouth moves". */
const MOVES = 3;
const MOVES_AT_LEAST = 0.5;

/** Silence before each utterance, of which all but the first part shows how an idle mouth changes. */
const PAUSE_MS = 1600;
const SETTLING_MS = 500;

/** How far ahead of real time speech is pushed. */
const LEAD_MS = 200;
const CHUNK_MS = 40;

/** Every fourth pause is a rest, where those are wanted. */
const REST_MS = 15_000;
const REST_EVERY = 4;

/** A turn of at least so much speech is heard and seen before it ends. */
const CERTAIN_MS = 1000;

/** What is watched after an interrupt. */
const AFTERMATH_MS = 800;

/** Silence at the start of the recording, which is left out. */
const LEADING_SILENCE_S = 0.19;

interface WatchedFrame extends ShownFrame {
  /** Mean change of luma in the mouth's box since the frame before. */
  readonly change: number;
}

/** How a conversation goes. */
export interface ConversationOptions {
  readonly seconds: number;
  /** The first utterance and every second one after it are interrupted. */
  readonly interrupts: boolean;
  /** Now and then nobody says anything for 15 s. */
  readonly rests: boolean;
  /** The viewer speaks into a microphone and is mirrored, instead of pushing speech. */
  readonly microphone: boolean;
  readonly speech: WavFile;
}

/** One viewer's run: pushes real speech with pauses, now and then interrupts, and records all that arrives. */
export class Conversation {
  readonly #viewer: Viewer;
  readonly #options: ConversationOptions;
  readonly #mouth: MouthWatch;
  readonly #ear: SoundWatch;
  readonly #voiced: Int16Array;
  readonly #frames: WatchedFrame[] = [];
  readonly #reports: { video: ClockPair[]; audio: ClockPair[] } = { video: [], audio: [] };
  readonly #firstSoundMs: number[] = [];
  readonly #firstFrameMs: number[] = [];
  readonly #interruptSilenceMs: number[] = [];
  readonly #interruptMouthMs: number[] = [];
  #heardEnd: () => void = () => undefined;
  #over: string | undefined;

  static async open(viewer: Viewer, options: ConversationOptions): Promise<Conversation> {
    return new Conversation(viewer, options, await MouthWatch.open(MOUTH), await SoundWatch.open());
  }

  private constructor(viewer: Viewer, options: ConversationOptions, mouth: MouthWatch, ear: SoundWatch) {
    this.#viewer = viewer;
    this.#options = options;
    this.#mouth = mouth;
    this.#ear = ear;
    this.#voiced = options.speech.samples.subarray(Math.floor(LEADING_SILENCE_S * options.speech.rateHz));
    viewer.onFrame = ({ atMs, rtpTimestamp, data }) => {
      const change = mouth.change(data);
      // What cannot be decoded is not shown.
      if (change !== undefined) {
        this.#frames.push({ atMs, rtpTimestamp, change, widthPx: mouth.width });
      }
    };
    viewer.onAudio = ({ payload, rtpTimestamp, atMs }) => { ear.push(payload, rtpTimestamp, atMs); };
    viewer.onSenderReport = ({ kind, ntpMs, rtpTimestamp }) => { this.#reports[kind].push({ atMs: performance.now(), ntpMs, rtpTimestamp }); };
    viewer.onMessage = (message) => {
      if (message.type === 'speech.ended') {
        this.#heardEnd();
      } else if (message.type === 'session.ended') {
        this.#over = message.reason;
        this.#heardEnd();
      }
    };
  }

  /** Why the server ended the session, when it did. */
  get endedBy(): string | undefined {
    return this.#over;
  }

  /** Talks for the time told, and returns what was received. */
  async run(): Promise<ViewerRecord> {
    const startMs = performance.now();
    const endMs = startMs + this.#options.seconds * 1000;
    const microphone = this.#options.microphone ? await MicrophoneFeed.open({ ...this.#options.speech, samples: this.#voiced }, (packet) => { this.#viewer.sendMicrophone(packet); }) : undefined;
    for (let turn = 0; performance.now() < endMs && this.#over === undefined; turn++) {
      await sleep(this.#options.rests && turn % REST_EVERY === REST_EVERY - 1 ? REST_MS : PAUSE_MS);
      if (microphone !== undefined) {
        await this.#speakInto(microphone);
        continue;
      }
      const interruptAfterMs = this.#options.interrupts && turn % 2 === 0 ? 1200 + 400 * (turn % 5) : Infinity;
      await this.#speak(Math.min(endMs, performance.now() + 2 * this.#speechMs), interruptAfterMs);
    }
    const endedMs = performance.now();
    microphone?.close();
    this.#mouth.close();
    this.#ear.close();
    this.#viewer.onFrame = () => undefined;
    this.#viewer.onAudio = () => undefined;
    return {
      frames: this.#frames, sounds: this.#ear.sounds, reports: this.#reports,
      firstSoundMs: this.#firstSoundMs, firstFrameMs: this.#firstFrameMs,
      interruptSilenceMs: this.#interruptSilenceMs, interruptMouthMs: this.#interruptMouthMs,
      bytes: this.#viewer.bytes, seconds: (endedMs - startMs) / 1000, endedMs,
    };
  }

  get #speechMs(): number {
    return (this.#voiced.length * 1000) / this.#options.speech.rateHz;
  }

  async #speak(untilMs: number, interruptAfterMs: number): Promise<void> {
    const threshold = this.#idleThreshold();
    const startMs = performance.now();
    const ended = new Promise<void>((resolve) => { this.#heardEnd = resolve; });
    this.#viewer.send({ type: 'audio.start', rateHz: this.#options.speech.rateHz });
    const interruptMs = startMs + interruptAfterMs;
    await this.#push(startMs, Math.min(untilMs, interruptMs));
    if (performance.now() >= interruptMs - CHUNK_MS) {
      const atMs = performance.now();
      this.#viewer.send({ type: 'interrupt' });
      await sleep(AFTERMATH_MS);
      this.#noteInterrupt(atMs, threshold);
    } else {
      this.#viewer.send({ type: 'audio.end' });
      await Promise.race([ended, sleep(3000)]);
    }
    this.#noteBeginning(startMs, threshold, untilMs - startMs);
  }

  async #speakInto(microphone: MicrophoneFeed): Promise<void> {
    const threshold = this.#idleThreshold();
    const startMs = performance.now();
    microphone.speak();
    await sleep(microphone.speechMs);
    this.#noteBeginning(startMs, threshold, microphone.speechMs);
  }

  /** Pushes speech chunk by chunk, a little ahead of real time. */
  async #push(startMs: number, untilMs: number): Promise<void> {
    const { rateHz } = this.#options.speech;
    const chunkSamples = (rateHz * CHUNK_MS) / 1000;
    for (let pushedMs = 0; startMs + pushedMs < untilMs && this.#over === undefined; pushedMs += CHUNK_MS) {
      await sleep(Math.max(0, startMs + pushedMs - LEAD_MS - performance.now()));
      const at = Math.floor((pushedMs * rateHz) / 1000) % (this.#voiced.length - chunkSamples);
      this.#viewer.pushPcm(this.#voiced.subarray(at, at + chunkSamples));
    }
    await sleep(Math.max(0, untilMs - performance.now()));
  }

  /** Change of the mouth's box above which the mouth moves, from the frames of the pause just now. */
  #idleThreshold(): number {
    const sinceMs = performance.now() - PAUSE_MS + SETTLING_MS;
    const idle = this.#frames.filter(({ atMs }) => atMs >= sinceMs).map(({ change }) => change);
    return MOVES * (idle.length === 0 ? 0 : percentile(idle, 0.95)) + MOVES_AT_LEAST;
  }

  /** Notes when what was said in a turn was heard and seen: never, where that should have been within the turn, is infinitely late. */
  #noteBeginning(startMs: number, threshold: number, saidMs: number): void {
    if (saidMs < CERTAIN_MS) {
      return;
    }
    const sound = this.#ear.sounds.find(({ atMs, loudness }) => atMs >= startMs && loudness > LOUD);
    const frame = this.#frames.find(({ atMs, change }) => atMs >= startMs && change > threshold);
    this.#firstSoundMs.push((sound?.atMs ?? Infinity) - startMs);
    this.#firstFrameMs.push((frame?.atMs ?? Infinity) - startMs);
  }

  #noteInterrupt(atMs: number, threshold: number): void {
    const lastLoud = this.#ear.sounds.findLast((sound) => sound.loudness > LOUD);
    const lastMove = this.#frames.findLast((frame) => frame.change > threshold);
    this.#interruptSilenceMs.push(Math.max(0, (lastLoud?.atMs ?? 0) - atMs));
    this.#interruptMouthMs.push(Math.max(0, (lastMove?.atMs ?? 0) - atMs));
  }
}
