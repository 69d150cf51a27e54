import type { Avatar } from './avatars/avatar.ts';
import { Emitter } from './base/emitter.ts';
import { AvatarError } from './base/errors.ts';
import { TICK_US } from './base/media-clock.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import type { FaceState } from './motion/face-state.ts';
import { Announcer } from './session/announcer.ts';
import { ControlDesk } from './session/control-desk.ts';
import type { Command } from './session/control-desk.ts';
import { Ears } from './session/ears.ts';
import type { OpenedLink, SessionParts } from './session/session-parts.ts';
import type { SpeechLine, SpeechTick } from './session/speech-line.ts';
import { ViewerDoor } from './session/viewer-door.ts';
import type { LinkFigures, ViewerLink } from './session/viewer-link.ts';
import type { ControlChannel } from './transport/control-channel.ts';
import type { SessionMode } from './transport/messages.ts';

/** What a viewer's session is doing; `waiting` until its WebRTC connection stands. */
export type SessionState = 'waiting' | FaceState;

/** Ticks between two `stats` messages: one second. */
const STATS_TICKS = 1_000_000 / TICK_US;

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

/** A session that is to end: now, or as soon as nothing is spoken any more. */
interface Leaving {
  readonly reason: string;
  readonly now: boolean;
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
  readonly #announcer: Announcer;
  readonly #speech: SpeechLine;
  readonly #ears: Ears;
  readonly #door: ViewerDoor;
  #state: SessionState = 'waiting';
  #ticks = 0;
  #lastActiveMs = performance.now();
  #leaving: Leaving | undefined;

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
    this.#parts = parts;
    this.events = new Emitter((error) => { parts.logger.error({ err: error, session: this.id }, 'A listener of a session failed.'); });
    this.#desk = this.#scope.own(new ControlDesk({
      onCommand: (command) => { this.#act(command); },
      onPcm: (samples) => {
        this.#lastActiveMs = performance.now();
        this.#speech.appendPcm(samples);
      },
      onFault: (error) => { this.#fail(error); },
    }));
    this.#speech = this.#scope.own(speech);
    this.#listenToSpeech(speech);
    this.#announcer = new Announcer({ speech, tell: (message) => { this.#desk.tell(message); } });
    this.#ears = this.#scope.own(new Ears({
      mode: parts.mode, voiceActivity: parts.voiceActivity, openMicrophone: () => parts.openMicrophone(),
      onVoice: (speaks) => { this.#announcer.voice(speaks); },
      onFailed: (error) => { this.#fail(error); },
    }));
    this.#door = new ViewerDoor({ assertOpen: () => { this.#assertOpen(); }, openLink: (offerSdp) => this.#openLink(offerSdp) });
  }

  get mode(): SessionMode {
    return this.#ears.mode;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Numbers for metrics. */
  get gauges(): SessionGauges {
    return { ...this.#door.figures, queuedSpeechMs: this.#speech.queuedMs };
  }

  /** Numbers since the start, for the line that sums the session up. */
  get summary(): object {
    const { framesSent, bytesSent } = this.gauges;
    return { avatar: this.avatar.id, pack: this.pack, playedMs: this.#ticks * (TICK_US / 1000), framesSent, bytesSent, speechToFrameMs: this.#announcer.speechToFrameMs, ...this.#parts.stats.counts() };
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
    return this.#door.offer(offerSdp);
  }

  /** Takes a trickled ICE candidate. @throws AvatarError `invalid_candidate`, `session_ended`. */
  addCandidate(candidate: Parameters<ViewerLink['addCandidate']>[0]): Promise<void> {
    return this.#door.addCandidate(candidate);
  }

  /** Lets a WebSocket control the session, instead of an older one. @throws AvatarError `session_ended`. */
  attach(channel: ControlChannel): void {
    this.#assertOpen();
    this.#desk.attach(channel);
    this.#announcer.state(this.#state, this.mode);
  }

  /** Lets what is being spoken end, for at most so long, then ends the session; nothing new is spoken. */
  async finish(reason: string, { withinMs }: { withinMs: number }): Promise<void> {
    this.#leaving ??= { reason, now: false };
    if (this.#state === 'speaking') {
      const ended = new Promise<void>((resolve) => { this.#scope.defer(resolve); });
      const timer = setTimeout(() => { this.#endSoon(reason); }, withinMs);
      await ended;
      clearTimeout(timer);
    }
    await this.end(reason);
  }

  /** Ends the session and frees everything; the first reason counts. */
  end(reason: string): Promise<void> {
    if (this.#leaving?.now !== true) {
      this.#leaving = { reason, now: true };
      this.#announcer.ended(reason);
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

  async #openLink(offerSdp: string): Promise<OpenedLink> {
    const opened = await this.#parts.openLink(offerSdp, (error) => { this.#fail(error); });
    const link = this.#scope.own(opened.link);
    this.#assertOpen();
    link.events.on('connected', () => { this.#scope.defer(this.#parts.clock.subscribe(() => { this.#onTick(link); })); });
    link.events.on('microphonePacket', (packet) => { this.#ears.push(packet); });
    link.events.on('firstFrameSent', (sent) => { this.events.emit('firstFrameSent', sent); });
    link.events.on('silenced', (silenced) => { this.events.emit('silenced', silenced); });
    link.events.on('closed', ({ reason }) => { this.#endSoon(reason === 'closed' ? 'closed' : `viewer_${reason}`); });
    return opened;
  }

  #listenToSpeech({ events }: SpeechLine): void {
    events.on('started', ({ waitedMs, fresh }) => {
      if (fresh) {
        this.events.emit('speechHeard', { waitedMs });
      }
    });
    events.on('failed', ({ error }) => { this.#parts.logger.warn({ session: this.id, err: error }, 'A text was not spoken.'); });
  }

  /** A fault in one session's tick ends that session, and no other. */
  #onTick(link: ViewerLink): void {
    if (this.#leaving?.now === true) {
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
    const sound = this.#speech.tick(this.#ears.pull());
    const state = this.#stateOf(sound);
    this.#setState(state);
    this.#startFrames(link, sound, state);
    const playedUs = this.#ticks * TICK_US - this.#parts.delayMs * 1000;
    if (playedUs >= 0) {
      link.send(sound.voice, playedUs, !sound.heard);
    }
    this.#ticks += 1;
    if (this.#ticks % STATS_TICKS === 0) {
      this.#announcer.figures(link.figures);
    }
    if (this.#leaving !== undefined && this.#state !== 'speaking') {
      this.#endSoon(this.#leaving.reason);
    }
  }

  /** The face speaks from the sound's beginning on, before it is heard. */
  #startFrames(link: ViewerLink, { mel: sound }: SpeechTick, state: FaceState): void {
    const { mel, stats } = this.#parts;
    const startMs = performance.now();
    mel.push(sound);
    for (let window = mel.take(); window !== undefined; window = mel.take()) {
      link.startFrame(window, state);
    }
    stats.stageMs('mel', performance.now() - startMs);
  }

  #stateOf({ speaking }: SpeechTick): FaceState {
    const nowMs = performance.now();
    const listens = this.#ears.listens(nowMs);
    const speaks = speaking || this.#ears.mirrorsVoice;
    if (speaks || listens) {
      this.#lastActiveMs = nowMs;
    }
    return speaks ? 'speaking' : listens ? 'listening' : 'idle';
  }

  #setState(state: FaceState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#announcer.state(state, this.mode);
    }
  }

  /** Does what the client asks. @throws AvatarError what the speech line says; `session_ended`. */
  #act(command: Command): void {
    this.#lastActiveMs = performance.now();
    switch (command.type) {
      case 'speak': {
        this.#assertOpen();
        this.#speech.speak(command.text, { voice: command.voice, id: command.id });
        return;
      }
      case 'audio.start': {
        this.#assertOpen();
        this.#speech.startPcm(command.rateHz, command.id);
        return;
      }
      case 'audio.end': { this.#speech.endPcm(); return; }
      case 'interrupt': { this.#interrupt(); return; }
      case 'mode': {
        this.#ears.switchTo(command.mode);
        this.#announcer.state(this.#state, this.mode);
      }
    }
  }

  #interrupt(): void {
    this.#parts.stats.count('interrupts');
    this.#speech.interrupt();
    this.#door.link?.interrupt(this.#ticks * TICK_US);
  }

  #fail(error: unknown): void {
    this.#parts.logger.error({ session: this.id, err: error }, 'A stage of a session failed.');
    this.#announcer.failed();
    this.#endSoon('failed');
  }

  /** Ends the session where nobody waits for it. */
  #endSoon(reason: string): void {
    this.end(reason).catch((cause: unknown) => { this.#parts.logger.error({ session: this.id, err: cause, reason }, 'A session did not close cleanly.'); });
  }

  #assertOpen(): void {
    if (this.#leaving !== undefined) {
      throw new AvatarError('session_ended', 'The session has ended or is about to. Create a new one.');
    }
  }
}
