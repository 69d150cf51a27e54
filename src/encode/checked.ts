import { FFmpegError, Log } from 'node-av/lib';
import { AV_LOG_QUIET } from 'node-av/constants';

// libav prints to stderr on its own account; what goes wrong is thrown instead.
Log.setLevel(AV_LOG_QUIET);

/**
 * Returns what a libav call returned.
 * @throws Error with libav's own explanation when the call failed (a negative number).
 */
export function checked(result: number, doing: string): number {
  if (result < 0) {
    throw new Error(`libav could not ${doing}: ${FFmpegError.strerror(result)} (${result}).`);
  }
  return result;
}
