import { z } from 'zod';

/** Lowest and highest rate of pushed PCM, in hertz. */
export const PCM_RATE_HZ = Object.freeze({ min: 8000, max: 48_000 });

/** What a session's microphone is used for: nothing, listening only, or driving the face with the viewer's own voice played back. */
export const SESSION_MODES = ['push', 'listen', 'mirror'] as const;

/** What a client may say on a session's WebSocket, as JSON text. Binary messages are PCM (s16le, mono) between `audio.start` and `audio.end`. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('speak'), text: z.string().min(1), voice: z.string().optional(), id: z.string().max(64).optional() }),
  z.strictObject({ type: z.literal('audio.start'), rateHz: z.number().int(), id: z.string().max(64).optional() }),
  z.strictObject({ type: z.literal('audio.append'), data: z.base64() }),
  z.strictObject({ type: z.literal('audio.end') }),
  z.strictObject({ type: z.literal('interrupt') }),
  z.strictObject({ type: z.literal('mode'), mode: z.enum(SESSION_MODES) }),
]);

/** A message from the client. */
export type ClientMessage = z.infer<typeof clientMessageSchema>;

/** What the server says on a session's WebSocket, as JSON text. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.state'), state: z.enum(['idle', 'listening', 'speaking']), mode: z.enum(SESSION_MODES) }),
  z.object({ type: z.literal('speech.started'), id: z.string() }),
  z.object({ type: z.literal('speech.ended'), id: z.string(), playedMs: z.number(), interrupted: z.boolean() }),
  z.object({ type: z.literal('speech.window'), id: z.string(), windowMs: z.number() }),
  z.object({ type: z.literal('vad.started') }),
  z.object({ type: z.literal('vad.ended') }),
  z.object({ type: z.literal('stats'), framesPerSecond: z.number(), speechToFrameMs: z.number().nullable(), bitrateBps: z.number(), queuedMs: z.number() }),
  z.object({ type: z.literal('session.ended'), reason: z.string() }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string(), id: z.string().optional() }),
]);

/** A message from the server. */
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** A session's mode. */
export type SessionMode = (typeof SESSION_MODES)[number];
