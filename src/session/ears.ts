import type { Microphone } from '../audio/microphone.ts';
import type { VoiceActivityDetector } from '../audio/voice-activity-detector.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { SessionMode } from '../transport/messages.ts';
import type { WebRtcPeerEvents } from '../transport/webrtc-peer.ts';

/** A microphone of which nothing came for so long is off. */
const MICROPHONE_GONE_MS = 1000;

/** What ears are made of, and whom they tell. */
export interface EarsParts {
  /** What the microphone is for at the start. */
  readonly mode: SessionMode;
  /** Owned and closed by the ears. */
  readonly voiceActivity: VoiceActivityDetector;
  openMicrophone(): Microphone;
  /** The viewer starts or stops speaking. */
  readonly onVoice: (speaks: boolean) => void;
  readonly onFailed: (error: unknown) => void;
}

/** One viewer's microphone, opened with the first packet that is for something, what it is for, and the ear for whether the viewer speaks. */
export class Ears implements Closeable {
  readonly #scope = new Scope();
  readonly #parts: EarsParts;
  #mode: SessionMode;
  #microphone: Microphone | undefined;
  #heardMs = -Infinity;
  #viewerSpeaks = false;

  constructor(parts: EarsParts) {
    this.#parts = parts;
    this.#mode = parts.mode;
    const { events } = this.#scope.own(parts.voiceActivity);
    events.on('started', () => { this.#tell(true); });
    events.on('ended', () => { this.#tell(false); });
    events.on('failed', ({ error }) => { parts.onFailed(error); });
  }

  /** What the microphone is for. */
  get mode(): SessionMode {
    return this.#mode;
  }

  /** True while the viewer speaks and the face speaks along with that voice. */
  get mirrorsVoice(): boolean {
    return this.#mode === 'mirror' && this.#viewerSpeaks;
  }

  /** Says whether packets of a microphone that is for something still come. */
  listens(nowMs: number): boolean {
    return this.#mode !== 'push' && nowMs - this.#heardMs < MICROPHONE_GONE_MS;
  }

  /** Takes a packet of the microphone; drops it when that is for nothing. */
  push(packet: WebRtcPeerEvents['microphonePacket']): void {
    if (this.#mode === 'push') {
      return;
    }
    this.#heardMs = performance.now();
    this.#microphone ??= this.#scope.own(this.#parts.openMicrophone());
    this.#microphone.push(packet);
  }

  /** Listens to the next 20 ms; returns them (320 samples at 16 kHz) where the face is to speak them, else undefined. */
  pull(): Float32Array | undefined {
    const sound = this.#mode === 'push' ? undefined : this.#microphone?.pull();
    if (sound !== undefined) {
      this.#parts.voiceActivity.push(sound);
    }
    return this.#mode === 'mirror' ? sound : undefined;
  }

  /** Changes what the microphone is for, and forgets what was heard: a viewer who speaks is taken to have stopped. */
  switchTo(mode: SessionMode): void {
    this.#mode = mode;
    this.#parts.voiceActivity.reset();
    if (this.#viewerSpeaks) {
      this.#tell(false);
    }
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tell(speaks: boolean): void {
    this.#viewerSpeaks = speaks;
    this.#parts.onVoice(speaks);
  }
}
