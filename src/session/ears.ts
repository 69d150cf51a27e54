import type { Microphone } from '../audio/microphone.ts';
import type { VoiceActivityDetector } from '../audio/voice-activity-detector.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { WebRtcPeerEvents } from '../transport/webrtc-peer.ts';

/** A microphone of which nothing came for so long is off. */
const MICROPHONE_GONE_MS = 1000;

/** What ears are made of, and whom they tell. */
export interface EarsParts {
  /** Owned and closed by the ears. */
  readonly voiceActivity: VoiceActivityDetector;
  openMicrophone(): Microphone;
  /** The viewer starts or stops speaking. */
  readonly onVoice: (speaks: boolean) => void;
  readonly onFailed: (error: unknown) => void;
}

/** One viewer's microphone, opened with its first packet, and the ear for whether the viewer speaks. */
export class Ears implements Closeable {
  readonly #scope = new Scope();
  readonly #parts: EarsParts;
  #microphone: Microphone | undefined;
  #heardMs = -Infinity;
  #viewerSpeaks = false;

  constructor(parts: EarsParts) {
    this.#parts = parts;
    const { events } = this.#scope.own(parts.voiceActivity);
    events.on('started', () => { this.#tell(true); });
    events.on('ended', () => { this.#tell(false); });
    events.on('failed', ({ error }) => { parts.onFailed(error); });
  }

  /** True while the viewer speaks. */
  get viewerSpeaks(): boolean {
    return this.#viewerSpeaks;
  }

  /** Says whether packets of the microphone still come. */
  listens(nowMs: number): boolean {
    return nowMs - this.#heardMs < MICROPHONE_GONE_MS;
  }

  /** Takes a packet of the microphone. */
  push(packet: WebRtcPeerEvents['microphonePacket']): void {
    this.#heardMs = performance.now();
    this.#microphone ??= this.#scope.own(this.#parts.openMicrophone());
    this.#microphone.push(packet);
  }

  /** Takes the next 20 ms (320 samples at 16 kHz) and listens to them; undefined as long as no packet came. */
  pull(): Float32Array | undefined {
    const sound = this.#microphone?.pull();
    if (sound !== undefined) {
      this.#parts.voiceActivity.push(sound);
    }
    return sound;
  }

  /** Forgets what was heard. */
  reset(): void {
    this.#viewerSpeaks = false;
    this.#parts.voiceActivity.reset();
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
