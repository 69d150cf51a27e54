/** One entry of the error catalogue. */
export interface ErrorEntry {
  /** HTTP status when it answers a request. */
  readonly status: number;
  /** What happened and what to do, for the README table. */
  readonly meaning: string;
}

/** Every error a caller can act on. README's table and the tests are held to this list. */
export const ERROR_CATALOGUE = {
  not_found: { status: 404, meaning: 'No such address. See the API table.' },
  invalid_request: { status: 400, meaning: 'The body or a field has the wrong form. The message names the field.' },
  body_too_large: { status: 413, meaning: 'The body is over the limit for this address. Send less.' },
  unsupported_media_type: { status: 415, meaning: 'The content type does not fit this address. The message names those that do.' },
  forbidden_origin: { status: 403, meaning: 'The Host or Origin of the request is not one this server serves. Set server.allowedHosts or server.allowedOrigins.' },
  rate_limited: { status: 429, meaning: 'Too many requests from this address, or too many portraits on their way at once. Wait for Retry-After seconds.' },
  internal: { status: 500, meaning: 'A fault in the server. It is logged; try again, then report it.' },
  unknown_session: { status: 404, meaning: 'The session does not exist or has ended. Create a new one.' },
  too_many_sessions: { status: 503, meaning: 'All session slots are taken. Wait for Retry-After seconds.' },
  overloaded: { status: 503, meaning: 'One more session would not fit: the machine is too busy for what a session costs. Wait for Retry-After seconds.' },
  session_ended: { status: 410, meaning: 'The session ended while the request was under way. Create a new one.' },
  session_failed: { status: 500, meaning: 'A stage of the session failed and the session was closed. Create a new one.' },
  unknown_pack: { status: 400, meaning: 'No such model pack. The message lists those installed.' },
  device_too_slow: { status: 503, meaning: 'The pack would draw fewer frames a second here than a live face needs. Ask for the pack built-in, use a GPU, or lower sadtalker.leastFps.' },
  unknown_voice: { status: 400, meaning: 'No such voice. The message lists examples.' },
  unknown_avatar: { status: 404, meaning: 'No such avatar. GET /v1/avatars lists them.' },
  avatar_protected: { status: 409, meaning: 'An avatar that comes with the project, or is the default, cannot be deleted.' },
  avatar_store_full: { status: 507, meaning: 'The store holds as many avatars as allowed. Delete one.' },
  not_an_image: { status: 415, meaning: 'The file is no JPEG, PNG or WebP, or it is broken. Send another file.' },
  image_too_large: { status: 413, meaning: 'The image has more than 40 megapixels. Send a smaller one.' },
  no_face: { status: 422, meaning: 'No face was found. Send a portrait that looks at the camera.' },
  face_too_small: { status: 422, meaning: 'The face is under 80 pixels. Send a larger or closer picture.' },
  invalid_sdp: { status: 400, meaning: 'The body is no usable SDP offer, or that of another connection on a session that has one. Send the offer of an RTCPeerConnection, for a new session if need be.' },
  no_common_codec: { status: 422, meaning: 'The offer shares no codec with the server. Offer VP8 or H.264 video and Opus audio.' },
  invalid_candidate: { status: 400, meaning: 'The ICE candidate cannot be read, or came before the offer. Send what onicecandidate gives, after the offer.' },
  invalid_message: { status: 400, meaning: 'The WebSocket message is no known JSON message. See the table of messages.' },
  invalid_rate: { status: 400, meaning: 'The declared PCM rate is outside 8000 to 48000 Hz.' },
  odd_byte_count: { status: 400, meaning: 'PCM is s16le: a binary message must have an even number of bytes.' },
  no_audio_started: { status: 409, meaning: 'PCM came before audio.start. Send audio.start first.' },
  audio_already_started: { status: 409, meaning: 'A second audio.start came before audio.end. Send audio.end or interrupt first.' },
  text_too_long: { status: 413, meaning: 'The text is over the limit. Split it.' },
  speech_queue_full: { status: 429, meaning: 'More speech is waiting than allowed. Wait for speech.ended, then go on.' },
  speech_engine_missing: { status: 501, meaning: 'No text-to-speech engine is installed. Install the optional package or push PCM.' },
  speech_engine_failed: { status: 502, meaning: 'The text-to-speech engine failed. The text was not spoken; try again.' },
  unreadable_media: { status: 422, meaning: 'The sound or video file cannot be read. Use WAV, MP3, FLAC, OGG or MP4 for speech, MP4, MOV, WebM or a picture for a reference.' },
  model_missing: { status: 500, meaning: 'A model file is missing or damaged. Restore the folder models/, or import the checkpoints again.' },
  invalid_checkpoint: { status: 422, meaning: 'A checkpoint file is missing, damaged or not the official one. The message says what was expected and where to get it.' },
  invalid_config: { status: 500, meaning: 'A setting is wrong. The message names it, its value and what is allowed.' },
} as const satisfies Record<string, ErrorEntry>;

/** Code of an error a caller can act on. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** An error a caller can act on: a code of the catalogue, and a message that says what came, what was expected and what to do. */
export class AvatarError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AvatarError';
    this.code = code;
  }

  /** HTTP status that goes with the code. */
  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }
}

/** A call that came at the wrong moment, for example after `close()`. */
export class InvalidStateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidStateError';
  }
}
