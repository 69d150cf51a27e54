import { z } from 'zod';
import { AvatarError } from '../base/errors.ts';
import { POSE_STYLES, WINDOW_REACH } from '../base/coefficient-layout.ts';
import { FULL_LOOK_AHEAD_FRAMES, HEAD_STYLES } from '../packs/face-pack.ts';
import { SESSION_MODES } from '../transport/messages.ts';

const identifier = z.string().regex(/^[\w-]{1,64}$/, 'expected 1 to 64 letters, digits, _ or -');

/** Body of `POST /v1/sessions`; every field may be left out. */
export const sessionRequestSchema = z.strictObject({
  /** Who speaks: an avatar's id. */
  avatar: identifier.optional(),
  /** Voice of typed text. */
  voice: z.string().min(1).max(64).optional(),
  /** Model pack that draws the face. */
  pack: identifier.optional(),
  /** Built-in face: how the head moves. */
  style: z.enum(HEAD_STYLES).optional(),
  /** SadTalker: head-pose style. */
  poseStyle: z.int().min(0).max(POSE_STYLES - 1).optional(),
  /** SadTalker: factor on the expression. */
  expressionScale: z.number().min(0).max(3).optional(),
  /** SadTalker: the head keeps the portrait's pose. */
  still: z.boolean().optional(),
  /** SadTalker: frames that each frame waits for sound after it; 50 gives what offline rendering gives. */
  lookAheadFrames: z.union([z.int().min(0).max(WINDOW_REACH), z.literal(FULL_LOOK_AHEAD_FRAMES)], 'expected 0 to 13, or 50').optional(),
  /** What the microphone is used for. */
  mode: z.enum(SESSION_MODES).optional(),
}).default({});

/** What a client asks for when it creates a session. */
export type SessionRequest = z.infer<typeof sessionRequestSchema>;

/** Query of `POST /v1/avatars`. */
export const avatarQuerySchema = z.object({ name: z.string().trim().min(1).max(80).optional() });

/** Body of `PATCH` on the session's WebRTC address: one trickled ICE candidate, as `onicecandidate` gives it. */
export const candidateSchema = z.object({
  candidate: z.string().max(1024),
  sdpMid: z.string().max(64).nullish(),
  sdpMLineIndex: z.int().min(0).max(16).nullish(),
});

/** Most characters of what is said to be wrong: it may name every field that came. */
const MOST_WRONG_CHARS = 300;

/**
 * Checks outside data against a schema.
 * @throws AvatarError `invalid_request` naming the field.
 */
export function checked<Schema extends z.ZodType>(schema: Schema, data: unknown): z.infer<Schema> {
  const result = schema.safeParse(data ?? undefined);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new AvatarError('invalid_request', `The field ${issue.path.join('.') || '(the body itself)'} is wrong: ${issue.message.slice(0, MOST_WRONG_CHARS)}.`);
  }
  return result.data;
}
