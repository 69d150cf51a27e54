import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../src/base/emitter.ts';
import type { EncodedUnit } from '../../src/base/encoded-unit.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { MelWindow } from '../../src/base/mel-window.ts';
import { noStats } from '../../src/base/stats.ts';
import { BitrateController } from '../../src/encode/bitrate-controller.ts';
import { CongestionController } from '../../src/encode/congestion-controller.ts';
import type { FrameLine } from '../../src/session/frame-line.ts';
import { SessionTally } from '../../src/session/session-tally.ts';
import type { WebRtcPeer, WebRtcPeerEvents } from '../../src/transport/webrtc-peer.ts';
import { ViewerLink } from '../../src/session/viewer-link.ts';
import type { VoiceLine } from '../../src/session/voice-line.ts';

const rethrow = (error: unknown): never => { throw error; };
const unit = (kind: 'video' | 'audio', mediaUs: number): EncodedUnit => ({ kind, data: new Uint8Array(1), mediaUs, keyFrame: true });

const BOUNDS = { startBps: 1_000_000, minBps: 150_000, maxBps: 2_500_000 };

/** A link whose ends are in the test's hands. */
class Ends {
  readonly peerEvents = new Emitter<WebRtcPeerEvents>(rethrow);
  readonly sent: string[] = [];
  readonly closed: string[] = [];
  readonly losses: number[] = [];
  readonly bitrates: number[] = [];
  readonly paces: number[] = [];
  readonly interruptsUs: number[] = [];
  readonly begunUs: number[] = [];
  readonly heldMs: number[] = [];
  startedAnew = 0;
  readonly tally = new SessionTally(noStats);
  readonly statistics = { packetsSent: 0, bytesSent: 1000, packetsResent: 0 };
  keyFrames = 0;
  due: EncodedUnit[] = [];
  readonly link: ViewerLink;

  constructor({ watches = true } = {}) {
    const close = (name: string) => (): Promise<void> => {
      this.closed.push(name);
      return Promise.resolve();
    };
    const peer = {
      events: this.peerEvents, statistics: this.statistics, videoCodec: watches ? 'vp8' : undefined, close: close('peer'),
      setPictureBitrate: (bps: number) => { this.paces.push(bps); }, startAnew: () => { this.startedAnew += 1; },
      sendAudio: ({ mediaUs }: EncodedUnit) => { this.sent.push(`audio ${mediaUs}`); },
      sendVideo: ({ mediaUs }: EncodedUnit) => { this.sent.push(`video ${mediaUs}`); },
    };
    const frames = {
      push: (window: MelWindow) => { this.begunUs.push(window.mediaUs); },
      inFlight: 1, bitrateBps: 1_000_000, close: close('frames'), interrupt: (mediaUs: number) => { this.interruptsUs.push(mediaUs); },
      setBitrate: (bps: number) => { this.bitrates.push(bps); }, requestKeyFrame: () => { this.keyFrames += 1; },
      takeDue: () => this.due.splice(0), hold: (ms: number) => { this.heldMs.push(ms); },
    };
    const voice = {
      close: close('voice'), reported: (loss: number) => { this.losses.push(loss); },
      encode: (_samples: Float32Array, mediaUs: number) => unit('audio', mediaUs),
    };
    this.link = new ViewerLink({
      peer: peer as unknown as WebRtcPeer, frames: frames as unknown as FrameLine, voice: voice as unknown as VoiceLine,
      congestion: new CongestionController(BOUNDS), bitrate: new BitrateController(BOUNDS),
      stats: this.tally, logger: silentLogger, offeredAtMs: performance.now(),
    });
  }
}

test('each tick sends its voice and then the frames due; the first frame is told once', () => {
  const ends = new Ends();
  const firsts: number[] = [];
  ends.link.events.on('firstFrameSent', ({ afterMs }) => { firsts.push(afterMs); });
  ends.due = [unit('video', 0)];
  ends.link.send(new Float32Array(960), 0, true);
  ends.link.send(new Float32Array(960), 20_000, true);
  ends.due = [unit('video', 40_000)];
  ends.link.send(new Float32Array(960), 40_000, true);
  assert.deepEqual(ends.sent, ['audio 0', 'video 0', 'audio 20000', 'audio 40000', 'video 40000']);
  assert.equal(firsts.length, 1);
  assert.equal(ends.link.figures.framesSent, 2);
  assert.equal(ends.link.figures.avOffsetMs, 0);
});

test('for a viewer who only listens no picture is made', () => {
  for (const watches of [true, false]) {
    const ends = new Ends({ watches });
    ends.link.startFrame({ mediaUs: 40_000, values: new Float32Array(1280) }, 'idle');
    assert.deepEqual(ends.begunUs, watches ? [40_000] : []);
  }
});

test('an interrupt closes the mouth, and the first silent packet after it is told once', () => {
  const ends = new Ends();
  let silences = 0;
  ends.link.events.on('silenced', ({ afterMs }) => { silences += Number(afterMs >= 0); });
  ends.link.send(new Float32Array(960), 0, true);
  ends.link.interrupt(220_000);
  ends.link.send(new Float32Array(960), 20_000, false);
  assert.equal(silences, 0);
  ends.link.send(new Float32Array(960), 40_000, true);
  ends.link.send(new Float32Array(960), 60_000, true);
  assert.equal(silences, 1);
  assert.deepEqual(ends.interruptsUs, [220_000]);
});

test('frames that leave late show as an offset of picture and sound', () => {
  const ends = new Ends();
  ends.due = [unit('video', 0)];
  ends.link.send(new Float32Array(960), 20_000, true);
  assert.ok(ends.link.figures.avOffsetMs <= 1, 'one late frame says little');
  for (let frame = 1; frame < 200; frame++) {
    ends.due = [unit('video', frame * 40_000)];
    ends.link.send(new Float32Array(960), frame * 40_000 + 20_000, true);
  }
  assert.ok(Math.abs(ends.link.figures.avOffsetMs - 20) < 0.1, String(ends.link.figures.avOffsetMs));
});

test('a report of loss reaches the voice, and what arrives the bitrate, also where the viewer estimates no bandwidth', () => {
  const ends = new Ends();
  const report = { fractionLost: 0.3, packetsLost: 10, jitterMs: 5, roundTripMs: 80 };
  ends.peerEvents.emit('reportReceived', report);
  assert.deepEqual(ends.losses, [0.3]);
  ends.peerEvents.emit('arrivalMeasured', { fractionLost: 0.3, sentBps: 1_000_000, arrivedBps: 700_000 });
  assert.deepEqual(ends.bitrates, [560_000]);
  assert.deepEqual(ends.paces, ends.bitrates);
  const { fractionLost, roundTripMs } = ends.link.figures;
  assert.deepEqual({ fractionLost, roundTripMs }, { fractionLost: 0.3, roundTripMs: 80 });
});

/** A report, and what it says of the picture: of 1 Mbit/s sent so much arrived. */
function reportArrival({ peerEvents }: Ends, roundTripMs: number, arrivedBps: number): void {
  peerEvents.emit('reportReceived', { fractionLost: 0, packetsLost: 0, jitterMs: 5, roundTripMs });
  peerEvents.emit('arrivalMeasured', { fractionLost: 0, sentBps: 1_000_000, arrivedBps });
}

test('one bad report is no lasting queue, however often the viewer tells its bandwidth before the next', (t) => {
  let nowMs = 10_000;
  t.mock.method(performance, 'now', () => nowMs);
  const ends = new Ends();
  reportArrival(ends, 20, 1_000_000);
  nowMs += 1000;
  reportArrival(ends, 300, 500_000);
  for (let estimate = 0; estimate < 10; estimate++) {
    nowMs += 200;
    ends.peerEvents.emit('bandwidthEstimated', { bps: 5_000_000 });
  }
  reportArrival(ends, 20, 1_000_000);
  assert.deepEqual(ends.bitrates, [1_000_000, 1_000_000, 1_000_000]);
});

test('the bandwidth that the viewer tells counts with the next arrival', (t) => {
  let nowMs = 10_000;
  t.mock.method(performance, 'now', () => nowMs);
  const ends = new Ends();
  reportArrival(ends, 20, 1_000_000);
  nowMs += 1000;
  ends.statistics.bytesSent += 125_000;
  ends.peerEvents.emit('bandwidthEstimated', { bps: 600_000 });
  assert.deepEqual(ends.bitrates, [1_000_000]);
  reportArrival(ends, 90, 1_000_000);
  assert.deepEqual(ends.bitrates, [1_000_000, 480_000]);
});

test('when the bitrate falls by reports, a key frame comes instead of what is missing; when it rises, none does', (t) => {
  let nowMs = 10_000;
  t.mock.method(performance, 'now', () => nowMs);
  const ends = new Ends();
  reportArrival(ends, 20, 1_000_000);
  ends.peerEvents.emit('arrivalMeasured', { fractionLost: 0.5, sentBps: 1_000_000, arrivedBps: 500_000 });
  assert.deepEqual([ends.bitrates.at(-1), ends.keyFrames, ends.startedAnew], [400_000, 1, 1]);
  for (let second = 0; second < 20; second++) {
    nowMs += 1000;
    ends.statistics.bytesSent += 50_000;
    reportArrival(ends, 20, 400_000);
  }
  assert.equal(ends.bitrates.at(-1), 600_000);
  assert.deepEqual([ends.keyFrames, ends.startedAnew], [1, 1]);
});

test('a viewer that tells when each packet arrives is followed at once, and its reports decide nothing any more', () => {
  const ends = new Ends();
  const calm = { queueMs: 0, backlogMs: 0, sentBps: 900_000, arrivedBps: 900_000, capacityBps: 9_000_000, fractionLost: 0, responseMs: 40 };
  ends.peerEvents.emit('pathRead', calm);
  ends.peerEvents.emit('arrivalMeasured', { fractionLost: 0.5, sentBps: 1_000_000, arrivedBps: 100_000 });
  assert.deepEqual(ends.bitrates, [1_000_000]);
  ends.peerEvents.emit('pathRead', { ...calm, queueMs: 90, backlogMs: 500, arrivedBps: 300_000, capacityBps: 300_000 });
  assert.deepEqual([ends.bitrates, ends.paces, ends.heldMs], [[1_000_000, 255_000], [1_000_000, 255_000], [300]]);
  assert.deepEqual([ends.keyFrames, ends.startedAnew], [1, 1]);
});

test('a viewer that lost its picture is counted and gets a key frame, the first key frame counts as none', () => {
  const ends = new Ends();
  ends.peerEvents.emit('keyFrameRequested', { by: 'connected' });
  ends.peerEvents.emit('keyFrameRequested', { by: 'pli' });
  assert.equal(ends.keyFrames, 2);
  assert.deepEqual(ends.tally.counts(), { pictures_lost: 1 });
});

test('a link closes its peer first, then what fed it, once', async () => {
  const ends = new Ends();
  assert.equal(ends.link.close(), ends.link.close());
  await ends.link.close();
  assert.deepEqual(ends.closed, ['peer', 'frames', 'voice']);
});
