/** Why a session ended, for the viewer. */
export interface SessionEnding {
  /** What to tell. */
  readonly text: string;
  /** Whether a new session is worth a try at once. */
  readonly again: boolean;
}

const ENDINGS: Readonly<Record<string, SessionEnding>> = Object.freeze({
  idle: { text: 'The session ended because nothing was said for a while. Press Start talking to go on.', again: false },
  time_limit: { text: 'The session reached its time limit. Press Start talking to go on.', again: false },
  deleted: { text: 'The session was ended from elsewhere.', again: false },
  viewer_left: { text: 'The session was ended from elsewhere.', again: false },
  viewer_vanished: { text: 'Nothing was heard of this page for a while. Connecting again.', again: true },
  viewer_failed: { text: 'No way to this page was found any more. Connecting again.', again: true },
  page_left: { text: 'The session ended when this page was left. Press Start talking to go on.', again: false },
  server_stopped: { text: 'The server was stopped. Connecting again.', again: true },
  failed: { text: 'Something failed in the server. Connecting again.', again: true },
  control_lost: { text: 'The control connection was lost. Connecting again.', again: true },
  media_lost: { text: 'Picture and sound were lost. Connecting again.', again: true },
});

/** Puts a reason of `session.ended` into words; an unknown one is taken as a loss. */
export function sessionEnding(reason: string): SessionEnding {
  return ENDINGS[reason] ?? { text: `The session ended (${reason}). Connecting again.`, again: true };
}
