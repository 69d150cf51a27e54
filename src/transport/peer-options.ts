import { VIDEO_CODECS } from '../base/encoded-unit.ts';
import type { VideoCodec } from '../base/encoded-unit.ts';
import { silentLogger } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';

/** A STUN or TURN server. The first of each kind is used. */
export interface IceServer {
  /** For example `stun:stun.example.org:3478`. */
  readonly urls: string;
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** How viewers' connections are made. */
export interface WebRtcPeerOptions {
  /** Video codecs to offer; the viewer's order decides. Default: VP8 and H.264. */
  readonly videoCodecs?: readonly VideoCodec[];
  /** Default: none, and none is asked. */
  readonly iceServers?: readonly IceServer[];
  /** UDP ports to use, both ends included, `min < max`. Default: any. */
  readonly portRange?: { readonly min: number; readonly max: number } | undefined;
  /** IP address under which viewers reach this machine from outside, where a router maps the ports one to one. Default: none. */
  readonly publicAddress?: string | undefined;
  /** Listen on every network interface instead of 127.0.0.1 alone. Default: false. */
  readonly allInterfaces?: boolean;
  /** Longest wait for this side's candidates before the answer goes out, in milliseconds. Default: 2000. */
  readonly gatheringTimeoutMs?: number;
  /**
   * A viewer of whom nothing was heard for so long has vanished, in milliseconds, from 500 on. Browsers say something
   * at least every 2.5 s. Noticed up to half a second later. Default: 8000.
   */
  readonly silenceTimeoutMs?: number;
  /** Default: keeps nothing. */
  readonly logger?: Logger;
}

/** What holds where `WebRtcPeerOptions` says nothing. */
export const PEER_DEFAULTS = Object.freeze({
  videoCodecs: VIDEO_CODECS,
  iceServers: [] as readonly IceServer[],
  portRange: undefined,
  publicAddress: undefined,
  allInterfaces: false,
  gatheringTimeoutMs: 2000,
  silenceTimeoutMs: 8000,
  logger: silentLogger,
});

/** Options with nothing left open. */
export type CompletePeerOptions = Required<WebRtcPeerOptions>;

/** Fills in the defaults. @throws TypeError when an option is out of its range. */
export function completePeerOptions(options: WebRtcPeerOptions): CompletePeerOptions {
  const complete: CompletePeerOptions = { ...PEER_DEFAULTS, ...options };
  const { portRange, silenceTimeoutMs, gatheringTimeoutMs, videoCodecs } = complete;
  if (portRange !== undefined && !(portRange.min >= 1 && portRange.min < portRange.max && portRange.max <= 65_535)) {
    throw new TypeError(`portRange needs 1 ≤ min < max ≤ 65535, not ${portRange.min} to ${portRange.max}.`);
  }
  if (!(silenceTimeoutMs >= 500)) {
    throw new TypeError(`silenceTimeoutMs is 500 or more, not ${silenceTimeoutMs}.`);
  }
  if (!(gatheringTimeoutMs > 0)) {
    throw new TypeError(`gatheringTimeoutMs is over 0, not ${gatheringTimeoutMs}.`);
  }
  if (videoCodecs.length === 0) {
    throw new TypeError('videoCodecs names at least one codec.');
  }
  return complete;
}
