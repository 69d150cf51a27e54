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
  /** First UDP port to use; 0 for any. Default: 0. */
  readonly portMin?: number;
  /** Last UDP port to use, above `portMin`; 0 for any. Default: 0. */
  readonly portMax?: number;
  /** IP address under which viewers reach this machine from outside, where a router maps the ports one to one; '' for none. Default: ''. */
  readonly publicAddress?: string;
  /** Listen on 127.0.0.1 alone instead of on every network interface. Default: true. */
  readonly loopbackOnly?: boolean;
  /** Longest wait for this side's candidates before the answer goes out, in milliseconds. Default: 2000. */
  readonly gatheringTimeoutMs?: number;
  /**
   * A viewer of whom nothing was heard for so long has vanished, in milliseconds, from 500 on. Browsers that receive pictures
   * report every second; after a quarter of this time a silent one is asked for a sign of life again and again.
   * Noticed up to half a second later. Default: 4000.
   */
  readonly silenceTimeoutMs?: number;
  /** Default: keeps nothing. */
  readonly logger?: Logger;
}

/** What holds where `WebRtcPeerOptions` says nothing. */
export const PEER_DEFAULTS = Object.freeze({
  videoCodecs: VIDEO_CODECS,
  iceServers: [] as readonly IceServer[],
  portMin: 0,
  portMax: 0,
  publicAddress: '',
  loopbackOnly: true,
  gatheringTimeoutMs: 2000,
  silenceTimeoutMs: 4000,
  logger: silentLogger,
});

/** Options with nothing left open. */
export type CompletePeerOptions = Required<WebRtcPeerOptions>;

/** Says whether these are ports that werift can choose from: two at least, or 0 and 0 for any. */
export function isPortRange(portMin: number, portMax: number): boolean {
  return (portMin === 0 && portMax === 0) || (portMin >= 1 && portMin < portMax && portMax <= 65_535);
}

/** Fills in the defaults. @throws TypeError when an option is out of its range. */
export function completePeerOptions(options: WebRtcPeerOptions): CompletePeerOptions {
  const complete: CompletePeerOptions = { ...PEER_DEFAULTS, ...options };
  const { portMin, portMax, silenceTimeoutMs, gatheringTimeoutMs, videoCodecs } = complete;
  if (!isPortRange(portMin, portMax)) {
    throw new TypeError(`Ports need 1 ≤ portMin < portMax ≤ 65535, or 0 and 0 for any; not ${portMin} and ${portMax}.`);
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
