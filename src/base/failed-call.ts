import { AvatarError, type ErrorCode } from './errors.ts';

/** What a thread answers to a call that failed. */
export interface FailedCall {
  readonly kind: 'failed';
  /** Number of the call. */
  readonly call: number;
  readonly message: string;
  /** The AvatarError's, if it was one. */
  readonly code?: ErrorCode;
}

/** Puts a call's failure into an answer. */
export function failedCall(call: number, error: unknown): FailedCall {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', call, message, ...(error instanceof AvatarError ? { code: error.code } : {}) };
}
