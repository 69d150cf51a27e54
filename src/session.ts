import type { Avatar } from './avatars/avatar.ts';
import { Microphone } from './audio/microphone.ts';
import type { MelStream } from './audio/mel-stream.ts';
import { pcm16ToFloat } from './audio/pcm16.ts';
import type { VoiceActivityDetector } from './audio/voice-activity-detector.ts';
import { Emitter } from './base/emitter.ts';
import { AvatarError } from './base/errors.ts';
import type { Logger } from './base/logger.ts';
import { TICK_US } from './base/media-clock.ts';
import type { MediaClock } from './base/media-clock.ts';
import { MEL_BANDS, MEL_WINDOW_FRAMES } from './base/mel-window.ts';
import { Scope } from './base/scope.ts';
import type { Closeable } from './base/scope.ts';
import type { Stats } from './base/stats.ts';
import { BitrateController } from './encode/bitrate-controller.ts';
import type { VoiceEncoder } from './encode/voice-encoder.ts';
import type { FrameLine } from './frame-line.ts';
import type { SpeechEvent, SpeechLine, SpeechTick } from './speech-line.ts';
import type { ControlChannel } from './transport/control-channel.ts';
import type { ClientMessage, ServerMessage, SessionMode } from './transport/messages.ts';
import type { WebRtcPeer } from './transport/webrtc-peer.ts';

/** What a viewer's session is doing; `waiting` until its WebRTC connection stands. */
export type SessionState = 'waiting' | 'idle' | 'listening' | 'speaking';

/** Ticks between two `stats` messages: one second. */
const STATS_TICKS = 1_000_000 / TICK_US;

/** How far a mel window reaches back: windows up to this long after an interrupt still hold what was interrupted. */
const WINDOW_PAST_US = 100_000;

/** The mel window of silence. */
const SILENCE = new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES).fill(-4);

/** What happens to a session, for its owner. */
export interface SessionEvents {
  ended: { readonly reason: string };
  speechHeard: { readonly waitedMs: number };
  firstFrameSent: { readonly afterMs: number };
}

/** What a session is made of; it owns the closeable parts. */
export interface SessionParts {
  readonly id: string;
  readonly avatar: Avatar;
  readonly voice: string;
  readonly mode: SessionMode;
  readonly delayMs: number;
  readonly clock: MediaClock;
  readonly logger: Logger;
  readonly stats: Stats;
  readonly mel: MelStream;
  readonly voiceEncoder: VoiceEncoder;
  readonly voiceActivity: VoiceActivityDetector;
  readonly bitrate: BitrateController;
  openSpeech(onEvent: (event: SpeechEvent) => void): Promise<SpeechLine>;
  openFrames(peer: WebRtcPeer, onFailed: (error: unknown) => void): Promise<FrameLine>;
  answer(offerSdp: string): Promise<{ peer: WebRtcPeer; answerSdp: string }>;
}

/** A viewer's connection and what it needs. */
interface Viewing {
  readonly peer: WebRtcPeer;
  readonly frames: FrameLine;
  readonly offeredAtMs: number;
}

/** One viewer's pipeline: sound → mel → motion → picture → packets, conducted tick by tick on the media clock. */
export class Session implements Closeable {
  readonly id: string;
  readonly avatar: Avatar;
  readonly voice: string;
  readonly events: Emitter<SessionEvents>;
  readonly #parts: SessionParts;
  readonly #scope = new Scope();
  readonly #speech: SpeechLine;
  #microphone: Microphone | undefined;
  #mode: SessionMode;
  #state: SessionState = 'waiting';
  #control: ControlChannel | undefined;
  #viewing: Viewing | undefined;
  #ticks = 0;
  #sentFrames = 0;
  #firstFrameSent = false;
  #lastSpeechToFrameMs: number | null = null;
  #viewerSpeaks = false;
  #silentUntilUs = -Infinity;
  #loss = { fractionLost: 0, roundTripMs: 0 };
  #lastActiveMs = performance.now();
  #ending: string | undefined;

  static async open(parts: SessionParts): Promise<Session> {
    let session: Session | undefined;
    const speech = await parts.openSpeech((event) => { session?.onSpeech(event); });
    session = new Session(parts, speech);
    return session;
  }

  private constructor(parts: SessionParts, speech: SpeechLine) {
    this.id = parts.id;
    this.avatar = parts.avatar;
    this.voice = parts.voice;
    this.#mode = parts.mode;
    this.#parts = parts;
    this.events = new Emitter((error) => { parts.logger.error({ err: error, session: this.id }, 'A listener of a session failed.'); });
    this.#speech = this.#scope.own(speech);
    this.#scope.own(parts.voiceEncoder);
    this.#scope.own(parts.voiceActivity);
    parts.voiceActivity.events.on('started', () => { this.#onVoice(true); });
    parts.voiceActivity.events.on('ended', () => { this.#onVoice(false); });
  }

  get mode(): SessionMode {
    return this.#mode;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Numbers for metrics. */
  get gauges(): { queuedSpeechMs: number; framesInFlight: number; videoBitrateBps: number; fractionLost: number; roundTripMs: number } {
    return { queuedSpeechMs: this.#speech.queuedMs, framesInFlight: this.#viewing?.frames.inFlight ?? 0, videoBitrateBps: this.#viewing?.frames.bitrateBps ?? 0, ...this.#loss };
  }

  /** When the session last had speech, text or a microphone, in `performance.now()` time. */
  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  /**
   * Connects the viewer, or restarts ICE when it is connected already; returns the SDP answer.
   * @throws AvatarError `invalid_sdp`, `no_common_codec`, `session_ended`.
   */
  async connect(offerSdp: string): Promise<string> {
    this.#assertOpen();
    if (this.#viewing !== undefined) {
      return this.#viewing.peer.restart(offerSdp);
    }
    const offeredAtMs = performance.now();
    const { peer, answerSdp } = await this.#parts.answer(offerSdp);
    const frames = await this.#parts.openFrames(peer, (error) => { this.#fail(error); }).catch(async (error: unknown) => {
      await peer.close();
      throw error;
    });
    if (this.#ending !== undefined || this.#viewing !== undefined) {
      await Promise.all([peer.close(), frames.close()]);
      throw new AvatarError('session_ended', 'The session ended, or got another viewer, while this offer was answered. Create a new one.');
    }
    this.#viewing = { peer: this.#scope.own(peer), frames: this.#scope.own(frames), offeredAtMs };
    this.#listen(peer, frames);
    return answerSdp;
  }

  /** Takes a trickled ICE candidate. @throws AvatarError `invalid_candidate`. */
  async addCandidate(candidate: { candidate: string; sdpMid?: string | null | undefined; sdpMLineIndex?: number | null | undefined }): Promise<void> {
    this.#assertOpen();
    await this.#viewing?.peer.addCandidate(candidate);
  }

  /** Lets a WebSocket control the session. @throws AvatarError `stream_taken`, `session_ended`. */
  attach(control: ControlChannel): void {
    this.#assertOpen();
    if (this.#control !== undefined) {
      throw new AvatarError('stream_taken', 'Another WebSocket controls this session. Close it first.');
    }
    this.#control = control;
    control.events.on('message', (message) => { this.#answerErrors(() => { this.#onMessage(message); }); });
    control.events.on('pcm', (bytes) => { this.#answerErrors(() => { this.#speech.appendPcm(pcm16ToFloat(bytes)); }); });
    control.events.on('closed', () => { this.#control = undefined; });
    this.#tell({ type: 'session.state', state: this.#state === 'waiting' ? 'idle' : this.#state, mode: this.#mode });
  }

  /** Ends the session and frees everything; the first reason counts. */
  end(reason: string): Promise<void> {
    if (this.#ending === undefined) {
      this.#ending = reason;
      this.#tell({ type: 'session.ended', reason });
      this.#scope.defer(() => this.#control?.close());
    }
    const closing = this.#scope.close();
    this.events.emit('ended', { reason: this.#ending });
    this.events.clear();
    return closing;
  }

  close(): Promise<void> {
    return this.end('closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Passes on what the speech line reports. */
  onSpeech(event: SpeechEvent): void {
    switch (event.type) {
      case 'started': {
        if (event.fresh) {
          this.#lastSpeechToFrameMs = Math.round(event.waitedMs);
          this.events.emit('speechHeard', { waitedMs: event.waitedMs });
        }
        this.#tell({ type: 'speech.started', id: event.id });
        return;
      }
      case 'ended': {
        this.#tell({ type: 'speech.ended', id: event.id, playedMs: event.playedMs, interrupted: event.interrupted });
        return;
      }
      case 'failed': {
        this.#parts.logger.warn({ session: this.id, err: event.error }, 'A text was not spoken.');
        this.#tell({ type: 'error', code: event.error.code, message: event.error.message });
      }
    }
  }

  #listen(peer: WebRtcPeer, frames: FrameLine): void {
    peer.events.on('connected', () => {
      this.#scope.defer(this.#parts.clock.subscribe(() => { this.#tick(peer, frames); }));
    });
    peer.events.on('keyFrameRequested', () => {
      this.#parts.stats.count('pictures_lost');
      frames.requestKeyFrame();
    });
    peer.events.on('microphonePacket', (packet) => {
      this.#microphone ??= this.#scope.own(Microphone.create({ stats: this.#parts.stats }));
      this.#microphone.push(packet);
    });
    peer.events.on('bandwidthEstimated', ({ bps }) => { frames.setBitrate(this.#parts.bitrate.estimated(bps, performance.now())); });
    peer.events.on('reportReceived', (report) => { this.#loss = report; });
    peer.events.on('closed', ({ reason }) => { void this.end(reason); });
  }

  /** One tick of the media clock: 20 ms of sound, and every second time a frame. */
  #tick(peer: WebRtcPeer, frames: FrameLine): void {
    const microphone = this.#mode === 'push' ? undefined : this.#microphone?.pull();
    if (microphone !== undefined) {
      this.#parts.voiceActivity.push(microphone);
    }
    const sound = this.#speech.tick(this.#mode === 'mirror' ? microphone : undefined);
    this.#setState(this.#stateFor(sound));
    this.#startFrames(frames, sound);
    const playedUs = this.#ticks * TICK_US - this.#parts.delayMs * 1000;
    if (playedUs >= 0) {
      this.#send(peer, frames, sound.voice, playedUs);
    }
    this.#ticks += 1;
    if (this.#ticks % STATS_TICKS === 0) {
      this.#tellStats(frames);
    }
  }

  #startFrames(frames: FrameLine, sound: SpeechTick): void {
    const { mel, stats } = this.#parts;
    const startMs = performance.now();
    mel.push(sound.mel);
    for (let window = mel.take(); window !== undefined; window = mel.take()) {
      const silenced = window.mediaUs < this.#silentUntilUs ? { ...window, values: SILENCE } : window;
      frames.push(silenced, sound.speaking || sound.heard || (this.#mode === 'mirror' && this.#viewerSpeaks) ? 'speaking' : this.#state === 'listening' ? 'listening' : 'idle');
    }
    stats.stageMs('mel', performance.now() - startMs);
  }

  #send(peer: WebRtcPeer, frames: FrameLine, voice: Float32Array, playedUs: number): void {
    const startMs = performance.now();
    peer.sendAudio(this.#parts.voiceEncoder.encode(voice, playedUs));
    this.#parts.stats.stageMs('encode_audio', performance.now() - startMs);
    for (const unit of frames.takeDue(playedUs)) {
      peer.sendVideo(unit);
      this.#sentFrames += 1;
      if (!this.#firstFrameSent && this.#viewing !== undefined) {
        this.#firstFrameSent = true;
        this.events.emit('firstFrameSent', { afterMs: performance.now() - this.#viewing.offeredAtMs });
      }
    }
  }

  #stateFor({ heard }: SpeechTick): SessionState {
    if (heard || (this.#mode === 'mirror' && this.#viewerSpeaks)) {
      this.#lastActiveMs = performance.now();
      return 'speaking';
    }
    if (this.#mode === 'push' || this.#microphone === undefined) {
      return 'idle';
    }
    this.#lastActiveMs = performance.now();
    return 'listening';
  }

  #setState(state: SessionState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#tell({ type: 'session.state', state: state === 'waiting' ? 'idle' : state, mode: this.#mode });
    }
  }

  #onVoice(speaks: boolean): void {
    this.#viewerSpeaks = speaks;
    this.#tell({ type: speaks ? 'vad.started' : 'vad.ended' });
  }

  #onMessage(message: ClientMessage): void {
    this.#lastActiveMs = performance.now();
    switch (message.type) {
      case 'speak': { this.#speech.speak(message.text, { voice: message.voice ?? this.voice, id: message.id }); return; }
      case 'audio.start': { this.#speech.startPcm(message.rateHz, message.id); return; }
      case 'audio.append': { this.#speech.appendPcm(pcm16ToFloat(Buffer.from(message.data, 'base64'))); return; }
      case 'audio.end': { this.#speech.endPcm(); return; }
      case 'interrupt': { this.#interrupt(); return; }
      case 'mode': {
        this.#mode = message.mode;
        this.#viewerSpeaks = false;
        this.#tell({ type: 'session.state', state: this.#state === 'waiting' ? 'idle' : this.#state, mode: this.#mode });
      }
    }
  }

  #interrupt(): void {
    this.#parts.stats.count('interrupts');
    this.#silentUntilUs = this.#ticks * TICK_US + WINDOW_PAST_US;
    this.#speech.interrupt();
    this.#viewing?.frames.reset();
  }

  #tellStats(frames: FrameLine): void {
    this.#tell({ type: 'stats', framesPerSecond: this.#sentFrames, speechToFrameMs: this.#lastSpeechToFrameMs, bitrateBps: frames.bitrateBps, queuedMs: Math.round(this.#speech.queuedMs) });
    this.#sentFrames = 0;
  }

  #tell(message: ServerMessage): void {
    this.#control?.send(message);
  }

  /** Answers what the caller can act on with an error message; anything else ends the session. */
  #answerErrors(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof AvatarError) {
        this.#tell({ type: 'error', code: error.code, message: error.message });
      } else {
        this.#fail(error);
      }
    }
  }

  #fail(error: unknown): void {
    this.#parts.logger.error({ session: this.id, err: error }, 'A stage of a session failed.');
    this.#tell({ type: 'error', code: 'session_failed', message: 'A stage of the session failed. Create a new session.' });
    void this.end('failed');
  }

  #assertOpen(): void {
    if (this.#ending !== undefined) {
      throw new AvatarError('session_ended', 'The session has ended. Create a new one.');
    }
  }
}
