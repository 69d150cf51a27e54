import type { AudioBlock } from '../base/audio-block.ts';
import type { Closeable } from '../base/scope.ts';

/** A voice that can be chosen. */
export interface Voice {
  /** What `speak` takes. */
  readonly id: string;
  /** Name to show. */
  readonly name: string;
  /** Language as a BCP 47 tag, for example `en-us`. */
  readonly language: string;
}

/** A text to speak. */
export interface SpeakRequest {
  /** Plain text in any script; markup is read as text. */
  readonly text: string;
  /** Id of a voice. */
  readonly voice: string;
  /** Ends the speech early: iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An engine that turns text into sound, for all sessions at once. */
export interface TextToSpeech extends Closeable {
  /** Name for logs. */
  readonly name: string;
  /** Voices to offer: the preferred one, then the most useful ones; the engine may know more. @throws AvatarError `unknown_voice`. */
  voices(preferred: string): readonly Voice[];
  /** Does nothing when the voice exists. @throws AvatarError `unknown_voice`, naming examples. */
  checkVoice(id: string): void;
  /**
   * Speaks a text: sound comes in order and as early as it is made, faster than real time, a few seconds ahead of the reader at most.
   * Iteration throws AvatarError `unknown_voice` or `speech_engine_failed`, InvalidStateError after `close()`.
   */
  speak(request: SpeakRequest): AsyncIterable<AudioBlock>;
}
