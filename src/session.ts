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
import type { Stats } from './base/stats.ts';
import { ControlDesk } from './control-desk.ts';
import type { Command } from './control-desk.ts';
import type { BitrateController } from './encode/bitrate-controller.ts';
import type { VoiceEncoder } from './encode/voice-encoder.ts';
import type { FrameLine } from './frame-line.ts';
import type { FaceState } from './motion/face-motion.ts';
import type { SpeechLine, SpeechTick } from './speech-line.ts';
import type { ControlChannel } from './transport/control-channel.ts';
import type { SessionMode } from './transport/messages.ts';
import type { WebRtcPeer } from './transport/webrtc-peer.ts';

/** What a viewer's session is doing; `waiting` until its WebRTC connection stands. */
export type SessionState = 'waiting' | 'idle' | 'listening' | 'speaking';

/** Ticks between two `stats` messages: one second. */
const STATS_TICKS = 1_000_000 / TICK_US;

/** How far a mel window reaches back: windows up to this long after an interrupt still hold what was interrupted. */
const WINDOW_PAST_US = 100_000;

/** A microphone of which nothing came for so long is off. */
const MICROPHONE_GONE_MS = 1000;

/** The mel window of silence. */
const SILENCE = new Float32Array(MEL_BANDS * MEL_WINDOW_FRAMES).fill(-4);

/** What happens to a session, for its owner. */
export interface SessionEvents {
  ended: { readonly reason: string };
  /** An utterance that waited for nothing but the pipeline is heard and seen. */
  speechHeard: { readonly waitedMs: number };
  firstFrameSent: { readonly afterMs: number };
}

/** What a session is made of; it owns the closeable parts, but not the clock. */
export interface SessionParts {
  readonly id: string;
  readonly avatar: Avatar;
  readonly voice: string;
  readonly mode: SessionMode;
  /** From sound in to sound and picture out, whole ticks. */
  readonly delayMs: number;
  readonly clock: MediaClock;
  readonly logger: Logger;
  readonly stats: Stats;
  readonly mel: MelStream;
  readonly voiceEncoder: VoiceEncoder;
  readonly voiceActivity: VoiceActivityDetector;
  readonly bitrate: BitrateController;
  openMicrophone(): Microphone;
  openSpeech(): Promise<SpeechLine>;
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
  readonly #desk: ControlDesk;
  readonly #speech: SpeechLine;
  #microphone: Microphone | undefined;
  #microphoneMs = -Infinity;
  #mode: SessionMode;
  #state: SessionState = 'waiting';
  #viewing: Viewing | undefined;
  #connecting: Promise<unknown> = Promise.resolve();
  #ticks = 0;
  #sentFrames = 0;
  #firstFrameSent = false;
  #speechToFrameMs: number | null = null;
  #viewerSpeaks = false;
  #silentUntilUs = -Infinity;
  #loss = { fractionLost: 0, roundTripMs: 0 };
  #lastActiveMs = performance.now();
  #ending: string | undefined;

  /** Opens a session that waits for its viewer. */
  static async open(parts: SessionParts): Promise<Session> {
    return new Session(parts, await parts.openSpeech());
  }

  private constructor(parts: SessionParts, speech: SpeechLine) {
    this.id = parts.id;
    this.avatar = parts.avatar;
    this.voice = parts.voice;
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
    this.#scope.own(parts.voiceEncoder);
    const { events } = this.#scope.own(parts.voiceActivity);
    events.on('started', () => { this.#onVoice(true); });
    events.on('ended', () => { this.#onVoice(false); });
    events.on('failed', ({ error }) => { this.#fail(error); });
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
      return this.#viewing?.peer.restart(offerSdp) ?? this.#view(offerSdp);
    });
    // The caller hears of a failure; the chain only keeps offers apart.
    this.#connecting = answer.then(() => undefined, () => undefined);
    return answer;
  }

  /** Takes a trickled ICE candidate. @throws AvatarError `invalid_candidate`, `session_ended`. */
  async addCandidate(candidate: Parameters<WebRtcPeer['addCandidate']>[0]): Promise<void> {
    this.#assertOpen();
    await this.#viewing?.peer.addCandidate(candidate);
  }

  /** Lets a WebSocket control the session. @throws AvatarError `stream_taken`, `session_ended`. */
  attach(channel: ControlChannel): void {
    this.#assertOpen();
    this.#desk.attach(channel);
    this.#tellState();
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
    const offeredAtMs = performance.now();
    const { peer, answerSdp } = await this.#parts.answer(offerSdp);
    const frames = await this.#parts.openFrames(peer, (error) => { this.#fail(error); }).catch(async (error: unknown) => {
      await peer.close();
      throw error;
    });
    this.#scope.own(peer);
    this.#scope.own(frames);
    this.#assertOpen();
    this.#viewing = { peer, frames, offeredAtMs };
    this.#listen(peer, frames);
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
    events.on('failed', ({ error }) => {
      this.#parts.logger.warn({ session: this.id, err: error }, 'A text was not spoken.');
      this.#desk.tell({ type: 'error', code: error.code, message: error.message });
    });
  }

  #listen(peer: WebRtcPeer, frames: FrameLine): void {
    peer.events.on('connected', () => {
      this.#scope.defer(this.#parts.clock.subscribe(() => { this.#tick(peer, frames); }));
    });
    peer.events.on('keyFrameRequested', ({ by }) => {
      if (by !== 'connected') {
        this.#parts.stats.count('pictures_lost');
      }
      frames.requestKeyFrame();
    });
    peer.events.on('microphonePacket', (packet) => {
      this.#microphoneMs = performance.now();
      this.#microphone ??= this.#scope.own(this.#parts.openMicrophone());
      this.#microphone.push(packet);
    });
    peer.events.on('bandwidthEstimated', ({ bps }) => {
      frames.setBitrate(this.#parts.bitrate.estimated({ bandwidthBps: bps, sentBytes: peer.statistics.bytesSent, ...this.#loss }, performance.now()));
    });
    peer.events.on('reportReceived', (report) => { this.#loss = report; });
    peer.events.on('closed', ({ reason }) => { void this.end(reason === 'closed' ? 'closed' : `viewer_${reason}`); });
  }

  /** One tick of the media clock: 20 ms of sound, and every second time a frame. */
  #tick(peer: WebRtcPeer, frames: FrameLine): void {
    const microphone = this.#mode === 'push' ? undefined : this.#microphone?.pull();
    if (microphone !== undefined) {
      this.#parts.voiceActivity.push(microphone);
    }
    const sound = this.#speech.tick(this.#mode === 'mirror' ? microphone : undefined);
    this.#setState(this.#stateOf(sound));
    this.#startFrames(frames, sound);
    const playedUs = this.#ticks * TICK_US - this.#parts.delayMs * 1000;
    if (playedUs >= 0) {
      this.#send(peer, frames, sound.voice, playedUs);
    }
    this.#ticks += 1;
    if (this.#ticks % STATS_TICKS === 0) {
      this.#desk.tell({ type: 'stats', framesPerSecond: this.#sentFrames, speechToFrameMs: this.#speechToFrameMs, bitrateBps: frames.bitrateBps, queuedMs: Math.round(this.#speech.queuedMs) });
      this.#sentFrames = 0;
    }
  }

  #startFrames(frames: FrameLine, sound: SpeechTick): void {
    const { mel, stats } = this.#parts;
    const state: FaceState = sound.speaking ? 'speaking' : this.#state === 'waiting' ? 'idle' : this.#state;
    const startMs = performance.now();
    mel.push(sound.mel);
    for (let window = mel.take(); window !== undefined; window = mel.take()) {
      frames.push(window.mediaUs < this.#silentUntilUs ? { mediaUs: window.mediaUs, values: SILENCE } : window, state);
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

  #stateOf({ heard }: SpeechTick): SessionState {
    const listens = this.#mode !== 'push' && performance.now() - this.#microphoneMs < MICROPHONE_GONE_MS;
    const speaks = heard || (this.#mode === 'mirror' && this.#viewerSpeaks);
    if (speaks || listens) {
      this.#lastActiveMs = performance.now();
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

  #onVoice(speaks: boolean): void {
    this.#viewerSpeaks = speaks;
    this.#desk.tell({ type: speaks ? 'vad.started' : 'vad.ended' });
  }

  #onMessage(message: Command): void {
    this.#lastActiveMs = performance.now();
    switch (message.type) {
      case 'speak': { this.#speech.speak(message.text, { voice: message.voice, id: message.id }); return; }
      case 'audio.start': { this.#speech.startPcm(message.rateHz, message.id); return; }
      case 'audio.end': { this.#speech.endPcm(); return; }
      case 'interrupt': { this.#interrupt(); return; }
      case 'mode': {
        this.#mode = message.mode;
        this.#viewerSpeaks = false;
        this.#parts.voiceActivity.reset();
        this.#tellState();
      }
    }
  }

  #interrupt(): void {
    this.#parts.stats.count('interrupts');
    this.#silentUntilUs = this.#ticks * TICK_US + WINDOW_PAST_US;
    this.#speech.interrupt();
    this.#viewing?.frames.reset();
  }

  #fail(error: unknown): void {
    this.#parts.logger.error({ session: this.id, err: error }, 'A stage of a session failed.');
    this.#desk.tell({ type: 'error', code: 'session_failed', message: 'A stage of the session failed. Create a new session.' });
    this.end('failed').catch((cause: unknown) => { this.#parts.logger.error({ session: this.id, err: cause }, 'A failed session did not close cleanly.'); });
  }

  #assertOpen(): void {
    if (this.#ending !== undefined) {
      throw new AvatarError('session_ended', 'The session has ended. Create a new one.');
    }
  }
}
