/** How the stream reaches this viewer, over the time since the reading before. */
export interface StreamReading {
  /** Frames drawn a second. */
  readonly framesPerSecond: number;
  /** Time a frame spends between arriving and being ready to draw (jitter buffer and decoder), in milliseconds. */
  readonly receiveMs: number;
  /** Round trip to the server, in milliseconds; null until measured. */
  readonly roundTripMs: number | null;
  /** Video received, in bits a second. */
  readonly bitrateBps: number;
  /** Packets lost since the start. */
  readonly packetsLost: number;
  /** Size of the decoded picture in pixels, 0 before the first frame. */
  readonly width: number;
  readonly height: number;
}

/** The fields of `RTCInboundRtpStreamStats` that are read here. */
interface InboundVideo {
  readonly timestamp: number;
  readonly framesDecoded?: number;
  readonly bytesReceived?: number;
  readonly totalProcessingDelay?: number;
  readonly packetsLost?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
}

/** Turns the browser's running totals into readings. */
export class StreamStatistics {
  #before: InboundVideo | null = null;

  /** Reads a report; null until there have been two. */
  read(report: RTCStatsReport): StreamReading | null {
    const now = inboundVideo(report);
    const before = this.#before;
    this.#before = now;
    if (now === null || before === null || now.timestamp <= before.timestamp) {
      return null;
    }
    const seconds = (now.timestamp - before.timestamp) / 1000;
    const frames = difference(now.framesDecoded, before.framesDecoded);
    return {
      framesPerSecond: frames / seconds,
      receiveMs: frames === 0 ? 0 : 1000 * difference(now.totalProcessingDelay, before.totalProcessingDelay) / frames,
      roundTripMs: roundTripMs(report),
      bitrateBps: 8 * difference(now.bytesReceived, before.bytesReceived) / seconds,
      packetsLost: now.packetsLost ?? 0,
      width: now.frameWidth ?? 0,
      height: now.frameHeight ?? 0,
    };
  }
}

function difference(now = 0, before = 0): number {
  return now - before;
}

function inboundVideo(report: RTCStatsReport): InboundVideo | null {
  let found: InboundVideo | null = null;
  report.forEach((entry: { type: string; kind?: string }) => {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
      found = entry as unknown as InboundVideo;
    }
  });
  return found;
}

function roundTripMs(report: RTCStatsReport): number | null {
  let found: number | null = null;
  report.forEach((entry: { type: string; nominated?: boolean; currentRoundTripTime?: number }) => {
    if (entry.type === 'candidate-pair' && entry.nominated === true && entry.currentRoundTripTime !== undefined) {
      found = entry.currentRoundTripTime * 1000;
    }
  });
  return found;
}
