import type { MelStream } from '../audio/mel-stream.ts';
import type { Microphone } from '../audio/microphone.ts';
import type { VoiceActivityDetector } from '../audio/voice-activity-detector.ts';
import type { Avatar } from '../avatars/avatar.ts';
import type { Logger } from '../base/logger.ts';
import type { MediaClock } from '../base/media-clock.ts';
import type { Closeable } from '../base/scope.ts';
import type { SessionMode } from '../transport/messages.ts';
import type { SessionTally } from './session-tally.ts';
import type { SpeechLine } from './speech-line.ts';
import type { ViewerLink } from './viewer-link.ts';

/** A link that was opened for an offer, and the answer to it. */
export interface OpenedLink {
  readonly link: ViewerLink;
  readonly answerSdp: string;
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
  openLink(offerSdp: string, onFailed: (error: unknown) => void): Promise<OpenedLink>;
}
