import type { RTCPeerConnection, RtcpPacket, RtpPacket } from 'werift';
import { Emitter } from '../base/emitter.ts';
import type { EncodedUnit, VideoCodec } from '../base/encoded-unit.ts';
import { AvatarError, InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { AUDIO_CLOCK_HZ, VIDEO_CLOCK_HZ, openStreams } from './agreed-streams.ts';
import { listenForArrivals } from './arrival-listener.ts';
import { ArrivalMeter } from './arrival-meter.ts';
import type { Arrival } from './arrival-meter.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import { PacedSender } from './paced-sender.ts';
import type { PathMeter, PathReading } from './path-meter.ts';
import { packetizeH264 } from './packetize-h264.ts';
import { packetizeVp8 } from './packetize-vp8.ts';
import { answerOffer, createConnection } from './peer-negotiation.ts';
import { completePeerOptions } from './peer-options.ts';
import type { CompletePeerOptions, WebRtcPeerOptions } from './peer-options.ts';
import { readRtcpFeedback } from './rtcp-feedback.ts';
import type { RtcpFeedback } from './rtcp-feedback.ts';
import { isIdleCandidate, readSdpOffer } from './sdp-offer.ts';
import type { SdpOffer } from './sdp-offer.ts';
import { ViewerPresence } from './viewer-presence.ts';

export type { IceServer, WebRtcPeerOptions } from './peer-options.ts';

/**
 * Why a connection ended: `closed` by this side, `left` by the viewer's goodbye (3 s later), `vanished` when the viewer fell silent,
 * `failed` when no way to it was found.
 */
export type PeerCloseReason = 'closed' | 'left' | 'vanished' | 'failed';

/** What happens on a viewer's connection. */
export interface WebRtcPeerEvents {
  /** Media can be sent; once, even over ICE restarts. */
  connected: undefined;
  /** The next picture should be a key frame; at most once in 300 ms. */
  keyFrameRequested: { readonly by: 'connected' | 'pli' | 'fir' };
  /** One Opus packet of the viewer's microphone, as it came: some may miss, come twice or late. */
  microphonePacket: { readonly payload: Uint8Array; readonly sequenceNumber: number; readonly timestamp: number };
  /** Bits a second that the viewer thinks its connection takes (REMB). */
  bandwidthEstimated: { readonly bps: number };
  /** How the picture (without one, the sound) arrives. `roundTripMs` is 0 until it is known. */
  reportReceived: { readonly fractionLost: number; readonly packetsLost: number; readonly jitterMs: number; readonly roundTripMs: number };
  /** How much of the picture arrives: with each report, and sooner when many packets are missed. */
  arrivalMeasured: Arrival;
  /** How single packets of the picture arrive: some ten times a second, from viewers that tell it (transport-cc). */
  pathRead: PathReading;
  /** Nothing more comes; once. */
  closed: { readonly reason: PeerCloseReason };
}

/** Numbers since the start. */
export interface WebRtcPeerStatistics {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsResent: number;
}

/** Largest RTP payload: with all headers it fits the 1200 bytes that browsers send themselves. */
const MOST_PAYLOAD_BYTES = 1140;

const KEY_FRAME_GAP_MS = 300;

/** Time between sender reports and looks at the viewer's presence. */
const REPORT_INTERVAL_MS = 500;

/** Silence after a goodbye that proves it. Anyone can forge a goodbye (werift does not authenticate alerts), but not a viewer's silence. */
const GOODBYE_SILENCE_MS = 3000;

/** Part of the longest silence after which the viewer is asked for a sign of life, at every look. */
const ASKED_AFTER = 0.25;

/** One viewer's connection: picture and voice out, microphone in. */
export class WebRtcPeer implements Closeable, AsyncDisposable {
  readonly events: Emitter<WebRtcPeerEvents>;
  /** The codec that pictures must have; undefined when the viewer takes none. */
  readonly videoCodec: VideoCodec | undefined;
  readonly #options: CompletePeerOptions;
  readonly #connection: RTCPeerConnection;
  readonly #video: OutgoingStream | undefined;
  readonly #audio: OutgoingStream | undefined;
  readonly #fingerprints: string;
  readonly #presence: ViewerPresence;
  readonly #pacer = new PacedSender();
  readonly #arrival = new ArrivalMeter();
  readonly #timer: NodeJS.Timeout;
  #connected = false;
  #saidGoodbye = false;
  #awaitsKeyFrame = true;
  #keyFrameRequestedMs = -Infinity;
  #pictureNumber = 0;
  /** The last unit sent: the pair of times in both streams' sender reports, so that the viewer keeps lips and sound together. */
  #anchor: { readonly mediaUs: number; readonly sentMs: number } | undefined;
  #roundTripMs = 0;
  #restarting: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /**
   * Answers a viewer's offer; the answer holds all of this side's candidates.
   * @throws AvatarError `invalid_sdp`, `no_common_codec`; TypeError for a wrong option.
   */
  static async answer(offerSdp: string, options: WebRtcPeerOptions = {}): Promise<{ peer: WebRtcPeer; answerSdp: string; videoCodec: VideoCodec | undefined }> {
    const complete = completePeerOptions(options);
    const offer = readSdpOffer(offerSdp, complete.videoCodecs);
    const connection = createConnection(offer, complete);
    try {
      const answerSdp = await answerOffer(connection, offer, complete);
      const peer = new WebRtcPeer(connection, offer, complete);
      return { peer, answerSdp, videoCodec: offer.videoCodec };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private constructor(connection: RTCPeerConnection, offer: SdpOffer, options: CompletePeerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.videoCodec = offer.videoCodec;
    this.#fingerprints = offer.fingerprints;
    this.events = new Emitter((error) => { options.logger.error({ err: error }, 'a listener of a WebRTC peer failed'); });
    const { video, audio, meter, microphonePayloadType } = openStreams(connection, offer);
    this.#video = video;
    this.#audio = audio;
    this.#presence = new ViewerPresence(connection.dtlsTransports, performance.now());
    this.#listen(microphonePayloadType, meter);
    this.#timer = setInterval(() => { this.#look(); }, REPORT_INTERVAL_MS);
  }

  /** True from `connected` to `closed`. */
  get connected(): boolean {
    return this.#connected && this.#closing === undefined;
  }

  get statistics(): WebRtcPeerStatistics {
    const streams = [this.#video, this.#audio].filter((stream) => stream !== undefined);
    return {
      packetsSent: streams.reduce((sum, { packets }) => sum + packets, 0),
      bytesSent: streams.reduce((sum, { bytes }) => sum + bytes, 0),
      packetsResent: streams.reduce((sum, { resent }) => sum + resent, 0),
    };
  }

  /**
   * Takes a candidate that the viewer found after its offer; an empty one, and one that names a host, is left out.
   * @throws AvatarError `invalid_candidate`; InvalidStateError after `close()`.
   */
  async addCandidate(candidate: { candidate: string; sdpMid?: string | null | undefined; sdpMLineIndex?: number | null | undefined }): Promise<void> {
    this.#assertOpen();
    const { sdpMid, sdpMLineIndex } = candidate;
    if (isIdleCandidate(candidate.candidate)) {
      return;
    }
    try {
      await this.#connection.addIceCandidate({
        candidate: candidate.candidate,
        ...(typeof sdpMid === 'string' ? { sdpMid } : {}),
        ...(typeof sdpMLineIndex === 'number' ? { sdpMLineIndex } : {}),
      });
    } catch (cause) {
      throw new AvatarError('invalid_candidate', `The ICE candidate cannot be used: ${cause instanceof Error ? cause.message : String(cause)}. Send candidate, sdpMid and sdpMLineIndex as onicecandidate gives them.`, { cause });
    }
  }

  /**
   * Answers a new offer on the same connection, for example one that restarts ICE after the viewer changed networks.
   * Media go on as they were.
   * @throws AvatarError `invalid_sdp`, also for another connection's offer; `no_common_codec`; InvalidStateError after `close()`.
   */
  async restart(offerSdp: string): Promise<string> {
    this.#assertOpen();
    const offer = readSdpOffer(offerSdp, this.videoCodec === undefined ? this.#options.videoCodecs : [this.videoCodec]);
    if (offer.fingerprints !== this.#fingerprints) {
      throw new AvatarError('invalid_sdp', 'This session belongs to another connection. Create a new one.');
    }
    const answer = this.#restarting.then(() => {
      this.#assertOpen();
      this.#presence.excuse(performance.now());
      return answerOffer(this.#connection, offer, this.#options);
    });
    // The caller hears of the failure; the chain only keeps restarts apart.
    this.#restarting = answer.then(() => undefined, () => undefined);
    return answer;
  }

  /**
   * Sends a picture. Dropped before the connection stands, and until the first key frame on it.
   * @throws TypeError for a unit that is no video.
   */
  sendVideo(unit: EncodedUnit): void {
    if (unit.kind !== 'video') {
      throw new TypeError('sendVideo takes a video unit.');
    }
    const stream = this.#video;
    if (stream === undefined || !this.connected || (this.#awaitsKeyFrame && !unit.keyFrame)) {
      return;
    }
    this.#awaitsKeyFrame = false;
    if (unit.keyFrame) {
      stream.startAnew();
    }
    const payloads = this.videoCodec === 'h264'
      ? packetizeH264(unit.data, MOST_PAYLOAD_BYTES)
      : packetizeVp8(unit.data, this.#pictureNumber++, MOST_PAYLOAD_BYTES);
    const timestamp = stream.timestampOf(unit.mediaUs);
    for (const [index, payload] of payloads.entries()) {
      this.#pacer.push(payload.length, () => { stream.send(payload, timestamp, index === payloads.length - 1); });
    }
    this.#anchorAt(unit.mediaUs);
  }

  /** Gives up all that was sent so far: a key frame follows. */
  startAnew(): void {
    this.#video?.startAnew();
  }

  /** Tells at which bitrate pictures come: large ones are spread over some milliseconds accordingly. */
  setPictureBitrate(bitrateBps: number): void {
    this.#pacer.setBitrate(bitrateBps);
  }

  /**
   * Sends 20 ms of voice. Dropped before the connection stands.
   * @throws TypeError for a unit that is no audio.
   */
  sendAudio(unit: EncodedUnit): void {
    if (unit.kind !== 'audio') {
      throw new TypeError('sendAudio takes an audio unit.');
    }
    if (this.#audio === undefined || !this.connected) {
      return;
    }
    const { data } = unit;
    this.#audio.send(Buffer.from(data.buffer, data.byteOffset, data.byteLength), this.#audio.timestampOf(unit.mediaUs), this.#audio.packets === 0);
    this.#anchorAt(unit.mediaUs);
  }

  /** Ends the connection and frees its sockets and timers. */
  close(): Promise<void> {
    return this.#end('closed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen(microphonePayloadType: number | undefined, meter: PathMeter | undefined): void {
    for (const transport of this.#connection.dtlsTransports) {
      listenForArrivals(transport, meter, (reading) => { this.events.emit('pathRead', reading); });
      transport.onStateChange.subscribe((state) => { this.#onTransportState(state); });
      transport.onRtcp.subscribe((packet) => { this.#onRtcp(packet); });
      if (microphonePayloadType !== undefined) {
        transport.onRtp.subscribe((packet) => { this.#onRtp(packet, microphonePayloadType); });
      }
    }
    this.#connection.connectionStateChange.subscribe((state) => {
      if (state === 'failed') {
        void this.#end('failed');
      }
    });
  }

  #onTransportState(state: string): void {
    this.#saidGoodbye ||= state === 'closed';
    if (!this.#connected && this.#closing === undefined && this.#connection.dtlsTransports.every((one) => one.state === 'connected')) {
      this.#connected = true;
      // First, so that who starts sending on `connected` starts with that key frame.
      this.#requestKeyFrame('connected');
      this.events.emit('connected', undefined);
    }
  }

  #onRtp({ header, payload }: RtpPacket, microphonePayloadType: number): void {
    if (header.payloadType === microphonePayloadType && payload.length > 0) {
      this.events.emit('microphonePacket', { payload, sequenceNumber: header.sequenceNumber, timestamp: header.timestamp });
    }
  }

  #onRtcp(packet: RtcpPacket): void {
    for (const feedback of readRtcpFeedback(packet, Date.now())) {
      this.#onFeedback(feedback);
    }
  }

  #onFeedback(feedback: RtcpFeedback): void {
    switch (feedback.kind) {
      case 'keyFrameWanted': {
        if (feedback.ssrc === this.#video?.ssrc) {
          this.#requestKeyFrame(feedback.by);
        }
        return;
      }
      case 'packetsLost': {
        if (feedback.ssrc === this.#video?.ssrc) {
          this.#onMissed(this.#video, feedback.sequenceNumbers);
        }
        return;
      }
      case 'bandwidth': {
        this.events.emit('bandwidthEstimated', { bps: feedback.bps });
        return;
      }
      case 'report': {
        this.#onReport(feedback);
      }
    }
  }

  #onMissed(stream: OutgoingStream, sequenceNumbers: readonly number[]): void {
    const missed = stream.resend(sequenceNumbers, this.#roundTripMs);
    this.#tellArrival(this.#arrival.missed(missed, { packets: stream.packets, bytes: stream.bytes }, performance.now()));
  }

  #tellArrival(arrival: Arrival | undefined): void {
    if (arrival !== undefined) {
      this.events.emit('arrivalMeasured', arrival);
    }
  }

  #onReport({ ssrc, fractionLost, packetsLost, jitterTicks, roundTripMs, newestSequenceNumber }: RtcpFeedback & { kind: 'report' }): void {
    if (ssrc !== (this.#video ?? this.#audio)?.ssrc) {
      return;
    }
    this.#roundTripMs = roundTripMs ?? this.#roundTripMs;
    const ticksPerMs = (this.#video === undefined ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ) / 1000;
    this.events.emit('reportReceived', { fractionLost, packetsLost, jitterMs: jitterTicks / ticksPerMs, roundTripMs: this.#roundTripMs });
    const reachedBytes = this.#video?.bytesUntil(newestSequenceNumber);
    if (this.#video !== undefined && reachedBytes !== undefined) {
      this.#tellArrival(this.#arrival.reported({ sentBytes: this.#video.bytes, reachedBytes, fractionLost }, performance.now()));
    }
  }

  #requestKeyFrame(by: 'connected' | 'pli' | 'fir'): void {
    const nowMs = performance.now();
    // A viewer repeats its wish until a key frame is there; the one under way must get a chance to arrive.
    if (this.#video !== undefined && this.#closing === undefined && nowMs - this.#keyFrameRequestedMs >= KEY_FRAME_GAP_MS) {
      this.#keyFrameRequestedMs = nowMs;
      this.events.emit('keyFrameRequested', { by });
    }
  }

  #anchorAt(mediaUs: number): void {
    const first = this.#anchor === undefined;
    this.#anchor = { mediaUs, sentMs: performance.now() };
    if (first) {
      this.#report();
    }
  }

  #look(): void {
    const silentMs = this.#presence.silentMs(performance.now());
    const { silenceTimeoutMs } = this.#options;
    if (this.#connected && silentMs > (this.#saidGoodbye ? Math.min(GOODBYE_SILENCE_MS, silenceTimeoutMs) : silenceTimeoutMs)) {
      void this.#end(this.#saidGoodbye ? 'left' : 'vanished');
      return;
    }
    if (this.#connected && silentMs > silenceTimeoutMs * ASKED_AFTER) {
      this.#presence.ask();
    }
    this.#report();
  }

  /** Tells the viewer which RTP times belong to this moment. */
  #report(): void {
    const anchor = this.#anchor;
    if (anchor === undefined || !this.connected) {
      return;
    }
    const mediaUs = anchor.mediaUs + (performance.now() - anchor.sentMs) * 1000;
    const unixMs = Date.now();
    for (const stream of [this.#video, this.#audio]) {
      if (stream !== undefined && stream.packets > 0) {
        stream.sendReport(mediaUs, unixMs).catch((error: unknown) => {
          this.#options.logger.debug({ err: error }, 'a sender report was not sent');
        });
      }
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The connection to the viewer is closed.');
    }
  }

  #end(reason: PeerCloseReason): Promise<void> {
    if (this.#closing === undefined) {
      clearInterval(this.#timer);
      this.#pacer.close();
      this.#closing = this.#connection.close();
      this.events.emit('closed', { reason });
      this.events.clear();
    }
    return this.#closing;
  }
}
