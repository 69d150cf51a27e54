import { Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import type { MelWindow } from '../base/mel-window.ts';
import { Scope } from '../base/scope.ts';
import type { Closeable } from '../base/scope.ts';
import type { Stats } from '../base/stats.ts';
import type { BitrateController } from '../encode/bitrate-controller.ts';
import type { CongestionController } from '../encode/congestion-controller.ts';
import type { FrameLine } from './frame-line.ts';
import type { FaceState } from '../motion/face-state.ts';
import type { PathReading } from '../transport/path-meter.ts';
import type { WebRtcPeer, WebRtcPeerEvents } from '../transport/webrtc-peer.ts';
import type { VoiceLine } from './voice-line.ts';

/** Weight of the latest frame in the smoothed offset of picture and sound. */
const LATEST = 0.05;

/** What happens on a viewer's link. */
export interface ViewerLinkEvents {
  /** Sound and picture can be sent; once. */
  connected: undefined;
  microphonePacket: WebRtcPeerEvents['microphonePacket'];
  firstFrameSent: { readonly afterMs: number };
  /** The first silent packet after an interrupt left. */
  silenced: { readonly afterMs: number };
  /** Nothing more goes out; once. */
  closed: { readonly reason: string };
}

/** What a viewer's link is made of; it owns and closes `peer`, `frames` and `voice`. */
export interface ViewerLinkParts {
  readonly peer: WebRtcPeer;
  readonly frames: FrameLine;
  readonly voice: VoiceLine;
  /** Goes by what arrives of each packet, from viewers that tell it. */
  readonly congestion: CongestionController;
  /** Goes by reports, for all others. */
  readonly bitrate: BitrateController;
  readonly stats: Stats;
  readonly logger: Logger;
  /** When the viewer's offer came, `performance.now()`. */
  readonly offeredAtMs: number;
}

/** Numbers of one viewer's link. */
export interface LinkFigures {
  readonly framesInFlight: number;
  readonly videoBitrateBps: number;
  readonly fractionLost: number;
  readonly roundTripMs: number;
  /** How much later than their time pictures leave, smoothed; sound always leaves at its time. */
  readonly avOffsetMs: number;
  readonly framesSent: number;
  readonly bytesSent: number;
}

/** One viewer's connection with what it is fed from: pictures and voice out at the pace of the clock, the network's state back. */
export class ViewerLink implements Closeable {
  readonly events: Emitter<ViewerLinkEvents>;
  readonly #parts: ViewerLinkParts;
  readonly #scope = new Scope();
  #path = { fractionLost: 0, roundTripMs: 0 };
  #arrival = { fractionLost: 0, pictureSentBps: 0, pictureArrivedBps: 0 };
  /** What the viewer thinks its path takes; unknown until it says so. */
  #bandwidthBps = Infinity;
  /** Whether the viewer tells when each packet arrives. */
  #tellsArrivals = false;
  #framesSent = 0;
  /** Of an interrupt that is not silent yet. */
  #interruptedMs: number | undefined;
  #avOffsetMs = 0;

  constructor(parts: ViewerLinkParts) {
    this.#parts = parts;
    this.events = new Emitter((error) => { parts.logger.error({ err: error }, 'A listener of a viewer link failed.'); });
    this.#scope.own(parts.voice);
    this.#scope.own(parts.frames);
    this.#scope.own(parts.peer);
    this.#listen(parts.peer);
  }

  /** Numbers for metrics. */
  get figures(): LinkFigures {
    const { frames, peer } = this.#parts;
    return {
      framesInFlight: frames.inFlight, videoBitrateBps: frames.bitrateBps, ...this.#path,
      avOffsetMs: this.#avOffsetMs, framesSent: this.#framesSent, bytesSent: peer.statistics.bytesSent,
    };
  }

  /** Restarts ICE; returns the SDP answer. */
  restart(offerSdp: string): Promise<string> {
    return this.#parts.peer.restart(offerSdp);
  }

  /** Takes a trickled ICE candidate. */
  addCandidate(candidate: Parameters<WebRtcPeer['addCandidate']>[0]): Promise<void> {
    return this.#parts.peer.addCandidate(candidate);
  }

  /** Starts the frame of a mel window; for a viewer who only listens none is made. */
  startFrame(window: MelWindow, state: FaceState): void {
    if (this.#parts.peer.videoCodec !== undefined) {
      this.#parts.frames.push(window, state);
    }
  }

  /** At a media time the voice was cut off: the mouth closes from where it is. */
  interrupt(mediaUs: number): void {
    this.#interruptedMs = performance.now();
    this.#parts.frames.interrupt(mediaUs);
  }

  /** Sends one tick: 20 ms of voice (960 samples), and the frames due by then. `quiet` says that nothing is spoken. */
  send(voice: Float32Array, mediaUs: number, quiet: boolean): void {
    const { peer, frames } = this.#parts;
    peer.sendAudio(this.#parts.voice.encode(voice, mediaUs));
    for (const unit of frames.takeDue(mediaUs)) {
      peer.sendVideo(unit);
      this.#avOffsetMs += LATEST * ((mediaUs - unit.mediaUs) / 1000 - this.#avOffsetMs);
      this.#framesSent += 1;
      if (this.#framesSent === 1) {
        this.events.emit('firstFrameSent', { afterMs: performance.now() - this.#parts.offeredAtMs });
      }
    }
    if (quiet && this.#interruptedMs !== undefined) {
      this.events.emit('silenced', { afterMs: performance.now() - this.#interruptedMs });
      this.#interruptedMs = undefined;
    }
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen({ events }: WebRtcPeer): void {
    const { frames, stats, voice } = this.#parts;
    events.on('connected', () => { this.events.emit('connected', undefined); });
    events.on('microphonePacket', (packet) => { this.events.emit('microphonePacket', packet); });
    events.on('keyFrameRequested', ({ by }) => {
      if (by !== 'connected') {
        stats.count('pictures_lost');
      }
      frames.requestKeyFrame();
    });
    // Counts from the next arrival on: the last one, told again, would look like a queue that lasts.
    events.on('bandwidthEstimated', ({ bps }) => { this.#bandwidthBps = bps; });
    events.on('reportReceived', (report) => {
      this.#path = { fractionLost: report.fractionLost, roundTripMs: report.roundTripMs };
      voice.reported(report.fractionLost, performance.now());
    });
    events.on('arrivalMeasured', ({ fractionLost, sentBps, arrivedBps }) => {
      this.#arrival = { fractionLost, pictureSentBps: sentBps, pictureArrivedBps: arrivedBps };
      if (!this.#tellsArrivals) {
        this.#chooseBitrate();
      }
    });
    events.on('pathRead', (reading) => {
      this.#tellsArrivals = true;
      this.#followPath(reading);
    });
    events.on('closed', ({ reason }) => { this.events.emit('closed', { reason }); });
  }

  #followPath(reading: PathReading): void {
    const { bitrateBps, holdMs, startAnew } = this.#parts.congestion.read(reading, performance.now());
    this.#setBitrate(bitrateBps);
    if (holdMs > 0) {
      this.#parts.logger.debug({ bitrateBps, holdMs, queueMs: reading.queueMs, arrivedBps: reading.arrivedBps }, 'a queue stands on the path to a viewer');
      this.#parts.frames.hold(holdMs);
    }
    if (startAnew) {
      this.#startAnew();
    }
  }

  #chooseBitrate(): void {
    const { bitrate, peer } = this.#parts;
    const beforeBps = bitrate.bps;
    const estimate = { bandwidthBps: this.#bandwidthBps, sentBytes: peer.statistics.bytesSent, roundTripMs: this.#path.roundTripMs, ...this.#arrival };
    const bitrateBps = bitrate.estimated(estimate, performance.now());
    this.#setBitrate(bitrateBps);
    if (bitrateBps < beforeBps) {
      // By the time a report tells of it, so much is missing that a key frame is there sooner.
      this.#startAnew();
    }
  }

  #setBitrate(bitrateBps: number): void {
    this.#parts.frames.setBitrate(bitrateBps);
    this.#parts.peer.setPictureBitrate(bitrateBps);
  }

  #startAnew(): void {
    this.#parts.peer.startAnew();
    this.#parts.frames.requestKeyFrame();
  }
}
