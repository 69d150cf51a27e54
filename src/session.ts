import type { Avatar } from './avatars/avatar.ts';
import type { MelStream } from './audio/mel-stream.ts';
import type { Microphone } from './audio/microphone.ts';
import type { VoiceActivityDetector } from './audio/voice-activity-detector.ts';
import { Emitter } from './base/emitter.ts';
import { AvatarError } from './base/errors.ts';
import type { Logger } from './base/logger.ts';
import { TICK_US } from './base/media-clock.ts';
import type { MediaClock } from './base/media-clock.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from './base/mel-window.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import { ControlDesk } from './session/control-desk.ts';
import type { Command } from './session/control-desk.ts';
import { Ears } from './session/ears.ts';
import type { FaceState } from './motion/face-state.ts';
import type { SessionTally } from './session/session-tally.ts';
import type { SpeechLine, SpeechTick } from './session/speech-line.ts';
import type { ControlChannel } from './transport/control-channel.ts';
import type { SessionMode } from './transport/messages.ts';
import type { LinkFigures, ViewerLink } from './session/viewer-link.ts';

/** What a viewer's session is doing; `waiting` until its WebRTC connection stands. */
export type SessionState = 'waiting' | 'idle' | 'listening' | 'speaking';

/** Ticks between two `stats` messages: one second. */
const STATS_TICKS = 1_000_000 / TICK_US;

/** How far a mel window reaches back: windows up to this long after an interrupt still hold what was interrupted. */
const WINDOW_PAST_US = 100_000;

/** The mel window of silence. */
const SILENCE = new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES).fill(-4);

const NO_LINK: LinkFigures = Object.freeze({ framesInFlight: 0, videoBitrateBps: 0, fractionLost: 0, roundTripMs: 0, avOffsetMs: 0, framesSent: 0, bytesSent: 0 });

/** What happens to a session, for its owner. */
export interface SessionEvents {
  ended: { readonly reason: string };
  /** An utterance that waited for nothing but the pipeline is heard and seen. */
  speechHeard: { readonly waitedMs: number };
  firstFrameSent: { readonly afterMs: number };
  /** The first silent packet after an interrupt left. */
  silenced: { readonly afterMs: number };
}

/** Numbers of one session, for metrics and its summary. */
export interface SessionGauges extends LinkFigures {
  readonly queuedSpeechMs: number;
}

/** What a session is made of; it owns the closeable parts, but not the clock. */
export interface SessionParts {
  readonly id: string;
  readonly avatar: Avatar;
  readonly voice: string;
  /** Name of the pack that draws the face. */
  readonly pack: string;
  readonly mode: SessionMode;
  /** From sound in to sound and picture out, whole ticks. */
  readonly delayMs: number;
  readonly clock: MediaClock;
  readonly logger: Logger;
  readonly stats: SessionTally;
  readonly mel: MelStream;
  readonly voiceActivity: VoiceActivityDetector;
  /** What moves and draws the face; closed last. */
  readonly face: Closeable;
  openMicrophone(): Microphone;
  openSpeech(): Promise<SpeechLine>;
  /** Answers an offer and builds what feeds the connection. */
  openLink(offerSdp: string, onFailed: (error: unknown) => void): Promise<{ link: ViewerLink; answerSdp: string }>;
}

/** One viewer's pipeline: sound → mel → motion → picture → packets, conducted tick by tick on the media clock. */
export class Session implements Closeable {
  readonly id: string;
  readonly avatar: Avatar;
  readonly voice: string;
  readonly pack: string;
  readonly events: Emitter<SessionEvents>;
  readonly #parts: SessionParts;
  readonly #scope = new Scope();
  readonly #desk: ControlDesk;
  readonly #speech: SpeechLine;
  readonly #ears: Ears;
  #mode: SessionMode;
  #state: SessionState = 'waiting';
  #link: ViewerLink | undefined;
  #connecting: Promise<unknown> = Promise.resolve();
  #ticks = 0;
  #toldFrames = 0;
  #speechToFrameMs: number | null = null;
  #silentUntilUs = -Infinity;
  #interruptedMs: number | undefined;
  #lastActiveMs = performance.now();
  #finishing: string | undefined;
  #ending: string | undefined;

  /** Opens a session that waits for its viewer. */
  static async open(parts: SessionParts): Promise<Session> {
    return new Session(parts, await parts.openSpeech());
  }

  private constructor(parts: SessionParts, speech: SpeechLine) {
    this.#scope.own(parts.face);
    this.id = parts.id;
    this.avatar = parts.avatar;
    this.voice = parts.voice;
    this.pack = parts.pack;
    this.#mode = parts.mode;
    this.#parts = parts;
    this.events = new Emitter((error) => { parts.logger.error({ err: error, session: this.id }, 'A listener of a session failed.'); });
    this.#desk = this.#scope.own(new ControlDesk({
      onMessage: (message) => { this.#onMessage(message); },
      onPcm: (samples) => {
        this.#lastActiveMs = performance.now();
        this.#speech.appendPcm(samples);
      },
      onFault: (error) => { this.#fail(error); },
    }));
    this.#speech = this.#scope.own(speech);
    this.#listenToSpeech(speech);
    this.#ears = this.#scope.own(new Ears({
      voiceActivity: parts.voiceActivity, openMicrophone: () => parts.openMicrophone(),
      onVoice: (speaks) => { this.#desk.tell({ type: speaks ? 'vad.started' : 'vad.ended' }); },
      onFailed: (error) => { this.#fail(error); },
    }));
  }

  get mode(): SessionMode {
    return this.#mode;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Numbers for metrics. */
  get gauges(): SessionGauges {
    return { ...(this.#link?.figures ?? NO_LINK), queuedSpeechMs: this.#speech.queuedMs };
  }

  /** Numbers since the start, for the line that sums the session up. */
  get summary(): object {
    const { framesSent, bytesSent } = this.gauges;
    return { avatar: this.avatar.id, pack: this.pack, playedMs: this.#ticks * (TICK_US / 1000), framesSent, bytesSent, speechToFrameMs: this.#speechToFrameMs, ...this.#parts.stats.counts() };
  }

  /** When the session last had speech, a message or a microphone, in `performance.now()` time. */
  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  /**
   * Connects the viewer, or restarts ICE when it is connected already; returns the SDP answer.
   * @throws AvatarError `invalid_sdp`, `no_common_codec`, `session_ended`.
   */
  connect(offerSdp: string): Promise<string> {
    const answer = this.#connecting.then(() => {
      this.#assertOpen();
      return this.#link?.restart(offerSdp) ?? this.#view(offerSdp);
    });
    // The caller hears of a failure; the chain only keeps offers apart.
    this.#connecting = answer.then(() => undefined, () => undefined);
    return answer;
  }

  /** Takes a trickled ICE candidate. @throws AvatarError `invalid_candidate`, `session_ended`. */
  async addCandidate(candidate: Parameters<ViewerLink['addCandidate']>[0]): Promise<void> {
    this.#assertOpen();
    await this.#link?.addCandidate(candidate);
  }

  /** Lets a WebSocket control the session. @throws AvatarError `stream_taken`, `session_ended`. */
  attach(channel: ControlChannel): void {
    this.#assertOpen();
    this.#desk.attach(channel);
    this.#tellState();
  }

  /** Lets what is being spoken end, for at most so long, then ends the session; nothing new is spoken. */
  async finish(reason: string, { withinMs }: { withinMs: number }): Promise<void> {
    this.#finishing = reason;
    if (this.#state === 'speaking') {
      const ended = new Promise<void>((resolve) => { this.#scope.defer(resolve); });
      const timer = setTimeout(() => { void this.end(reason); }, withinMs);
      await ended;
      clearTimeout(timer);
    }
    await this.end(reason);
  }

  /** Ends the session and frees everything; the first reason counts. */
  end(reason: string): Promise<void> {
    if (this.#ending === undefined) {
      this.#ending = reason;
      this.#desk.tell({ type: 'session.ended', reason });
      this.events.emit('ended', { reason });
      this.events.clear();
    }
    return this.#scope.close();
  }

  close(): Promise<void> {
    return this.end('closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #view(offerSdp: string): Promise<string> {
    const { link, answerSdp } = await this.#parts.openLink(offerSdp, (error) => { this.#fail(error); });
    this.#scope.own(link);
    this.#assertOpen();
    this.#link = link;
    link.events.on('connected', () => { this.#scope.defer(this.#parts.clock.subscribe(() => { this.#onTick(link); })); });
    link.events.on('microphonePacket', (packet) => { this.#ears.push(packet); });
    link.events.on('firstFrameSent', (sent) => { this.events.emit('firstFrameSent', sent); });
    link.events.on('closed', ({ reason }) => { void this.end(reason === 'closed' ? 'closed' : `viewer_${reason}`); });
    return answerSdp;
  }

  #listenToSpeech({ events }: SpeechLine): void {
    events.on('started', ({ id, waitedMs, fresh }) => {
      if (fresh) {
        this.#speechToFrameMs = Math.round(waitedMs);
        this.events.emit('speechHeard', { waitedMs });
      }
      this.#desk.tell({ type: 'speech.started', id });
    });
    events.on('ended', (ended) => { this.#desk.tell({ type: 'speech.ended', ...ended }); });
    events.on('window', (window) => { this.#desk.tell({ type: 'speech.window', ...window }); });
    events.on('failed', ({ error }) => {
      this.#parts.logger.warn({ session: this.id, err: error }, 'A text was not spoken.');
      this.#desk.tell({ type: 'error', code: error.code, message: error.message });
    });
  }

  /** A fault in one session's tick ends that session, and no other. */
  #onTick(link: ViewerLink): void {
    if (this.#ending !== undefined) {
      return;
    }
    try {
      this.#tick(link);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** One tick of the media clock: 20 ms of sound, and every second time a frame. */
  #tick(link: ViewerLink): void {
    const microphone = this.#mode === 'push' ? undefined : this.#ears.pull();
    const sound = this.#speech.tick(this.#mode === 'mirror' ? microphone : undefined);
    this.#setState(this.#stateOf(sound));
    this.#startFrames(link, sound);
    const playedUs = this.#ticks * TICK_US - this.#parts.delayMs * 1000;
    if (playedUs >= 0) {
      link.send(sound.voice, playedUs, !sound.heard);
    }
    if (this.#interruptedMs !== undefined && !sound.heard) {
      this.events.emit('silenced', { afterMs: performance.now() - this.#interruptedMs });
      this.#interruptedMs = undefined;
    }
    this.#ticks += 1;
    if (this.#ticks % STATS_TICKS === 0) {
      this.#tellStats(link.figures);
    }
    if (this.#finishing !== undefined && this.#state !== 'speaking') {
      void this.end(this.#finishing);
    }
  }

  #startFrames(link: ViewerLink, sound: SpeechTick): void {
    const { mel, stats } = this.#parts;
    const state: FaceState = sound.speaking ? 'speaking' : this.#state === 'waiting' ? 'idle' : this.#state;
    const startMs = performance.now();
    mel.push(sound.mel);
    for (let window = mel.take(); window !== undefined; window = mel.take()) {
      link.startFrame(window.mediaUs < this.#silentUntilUs ? { mediaUs: window.mediaUs, values: SILENCE } : window, state);
    }
    stats.stageMs('mel', performance.now() - startMs);
  }

  #stateOf({ heard }: SpeechTick): SessionState {
    const nowMs = performance.now();
    const listens = this.#mode !== 'push' && this.#ears.listens(nowMs);
    const speaks = heard || (this.#mode === 'mirror' && this.#ears.viewerSpeaks);
    if (speaks || listens) {
      this.#lastActiveMs = nowMs;
    }
    return speaks ? 'speaking' : listens ? 'listening' : 'idle';
  }

  #setState(state: SessionState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#tellState();
    }
  }

  #tellState(): void {
    this.#desk.tell({ type: 'session.state', state: this.#state === 'waiting' ? 'idle' : this.#state, mode: this.#mode });
  }

  #tellStats({ framesSent, videoBitrateBps }: LinkFigures): void {
    this.#desk.tell({
      type: 'stats', framesPerSecond: framesSent - this.#toldFrames, speechToFrameMs: this.#speechToFrameMs,
      bitrateBps: videoBitrateBps, queuedMs: Math.round(this.#speech.queuedMs),
    });
    this.#toldFrames = framesSent;
  }

  #onMessage(message: Command): void {
    this.#lastActiveMs = performance.now();
    switch (message.type) {
      case 'speak': {
        this.#assertOpen();
        this.#speech.speak(message.text, { voice: message.voice, id: message.id });
        return;
      }
      case 'audio.start': {
        this.#assertOpen();
        this.#speech.startPcm(message.rateHz, message.id);
        return;
      }
      case 'audio.end': { this.#speech.endPcm(); return; }
      case 'interrupt': { this.#interrupt(); return; }
      case 'mode': {
        this.#mode = message.mode;
        this.#ears.reset();
        this.#tellState();
      }
    }
  }

  #interrupt(): void {
    this.#parts.stats.count('interrupts');
    this.#interruptedMs = performance.now();
    this.#silentUntilUs = this.#ticks * TICK_US + WINDOW_PAST_US;
    this.#speech.interrupt();
    this.#link?.interrupt();
  }

  #fail(error: unknown): void {
    this.#parts.logger.error({ session: this.id, err: error }, 'A stage of a session failed.');
    this.#desk.tell({ type: 'error', code: 'session_failed', message: 'A stage of the session failed. Create a new session.' });
    this.end('failed').catch((cause: unknown) => { this.#parts.logger.error({ session: this.id, err: cause }, 'A failed session did not close cleanly.'); });
  }

  #assertOpen(): void {
    if (this.#ending !== undefined || this.#finishing !== undefined) {
      throw new AvatarError('session_ended', 'The session has ended or is about to. Create a new one.');
    }
  }
}
