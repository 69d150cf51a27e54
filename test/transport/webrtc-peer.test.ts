import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { syncBuiltinESMExports } from 'node:module';
import os, { networkInterfaces } from 'node:os';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GenericNack, RtcpTransportLayerFeedback, Vp8RtpPayload } from 'werift';
import type { EncodedUnit } from '../../src/base/encoded-unit.ts';
import { InvalidStateError } from '../../src/base/errors.ts';
import { ownAddressFor } from '../../src/transport/own-machine.ts';
import { WebRtcPeer } from '../../src/transport/webrtc-peer.ts';
import type { PeerCloseReason, WebRtcPeerEvents, WebRtcPeerOptions } from '../../src/transport/webrtc-peer.ts';
import { CHROMIUM_FORMATS, FIREFOX_OFFER, audioSection, offerOf, videoSection } from './offers.ts';
import { TestViewer } from './test-viewer.ts';
import type { TestViewerOptions } from './test-viewer.ts';

const FULL: TestViewerOptions = { video: ['vp8', 'h264'], audio: 'sendrecv' };

/** A picture of bytes that say which it is. */
const picture = (index: number, bytes: number, keyFrame: boolean): EncodedUnit => ({
  kind: 'video', data: new Uint8Array(bytes).fill(index & 0x7f), mediaUs: index * 40_000, keyFrame,
});

const voice = (index: number): EncodedUnit => ({ kind: 'audio', data: new Uint8Array(90).fill(index & 0x7f), mediaUs: index * 20_000, keyFrame: true });

function once<Name extends keyof WebRtcPeerEvents>(peer: WebRtcPeer, name: Name): Promise<WebRtcPeerEvents[Name]> {
  return new Promise((resolve) => {
    const stop = peer.events.on(name, (payload) => {
      stop();
      resolve(payload);
    });
  });
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 10) {
    assert.ok(waitedMs < 5000, `${what} did not happen within 5 s`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

/** Connects a viewer with a peer; both are closed afterwards. */
async function connected(
  viewing: TestViewerOptions, options: WebRtcPeerOptions, act: (peer: WebRtcPeer, viewer: TestViewer) => Promise<void>,
): Promise<void> {
  const viewer = new TestViewer(viewing);
  try {
    const { peer, answerSdp } = await WebRtcPeer.answer(await viewer.offer(), options);
    try {
      const connection = once(peer, 'connected');
      await viewer.take(answerSdp);
      await connection;
      await act(peer, viewer);
    } finally {
      await peer.close();
    }
  } finally {
    await viewer.close();
  }
}

describe('a WebRTC peer', () => {
  test('carries picture and voice out, on one clock, as tracks of one stream', async () => {
    await connected(FULL, {}, async (peer, viewer) => {
      assert.equal(peer.videoCodec, 'vp8');
      for (let index = 0; index < 20; index++) {
        if (index % 2 === 0) {
          peer.sendVideo(picture(index / 2, 2500, index === 0));
        }
        peer.sendAudio(voice(index));
      }
      await until(() => viewer.received.video.length === 30 && viewer.received.audio.length === 20, 'the arrival of all packets');
      const { video, audio } = viewer.received;
      const videoStart = video[0]?.header.timestamp ?? 0;
      for (let index = 0; index < 10; index++) {
        const parts = video.filter(({ header }) => header.timestamp === (videoStart + index * 3600) % 2 ** 32);
        assert.deepEqual(parts.map(({ header }) => header.marker), [false, false, true], `picture ${index}`);
        const whole = Buffer.concat(parts.map(({ payload }) => Vp8RtpPayload.deSerialize(payload).payload));
        assert.ok(whole.length === 2500 && whole.every((byte) => byte === index), `picture ${index}`);
      }
      const audioStart = audio[0]?.header.timestamp ?? 0;
      assert.deepEqual(audio.map(({ header }) => (header.timestamp - audioStart + 2 ** 32) % 2 ** 32), audio.map((_, index) => index * 960));
      assert.ok(audio.every(({ payload }, index) => payload.length === 90 && payload[0] === index));
      assert.deepEqual(peer.statistics, { packetsSent: 50, bytesSent: 30 * 4 + 10 * 2500 + 20 * 90, packetsResent: 0 });
    });
  });

  test('reads the path from a viewer that tells when each packet arrives, also of those sent again', async () => {
    await connected({ ...FULL, tellsArrivals: true }, {}, async (peer, viewer) => {
      const readings: WebRtcPeerEvents['pathRead'][] = [];
      peer.events.on('pathRead', (reading) => { readings.push(reading); });
      for (let index = 0; index < 10; index++) {
        peer.sendVideo(picture(index, 2500, index === 0));
      }
      await until(() => viewer.received.video.length === 30, 'the arrival of all packets');
      await viewer.tellArrivals();
      await until(() => readings.length === 1, 'a reading');
      assert.ok(readings[0]!.arrivedBps > 0 && readings[0]!.fractionLost === 0, JSON.stringify(readings[0]));
      const { sequenceNumber, ssrc } = viewer.received.video[20]!.header;
      await viewer.sendRtcp(new RtcpTransportLayerFeedback({ feedback: new GenericNack({ senderSsrc: 1, mediaSourceSsrc: ssrc, lost: [sequenceNumber] }) }).serialize());
      await until(() => peer.statistics.packetsResent === 1, 'a packet sent again');
      await until(() => viewer.received.video.length === 31, 'its arrival');
      await viewer.tellArrivals();
      await until(() => readings.length === 2, 'a reading of it');
    });
  });

  test('takes no notice of arrivals that nobody agreed on, nor of what is no such message, and reads what comes with it', async () => {
    const foreign = Buffer.alloc(24);
    foreign.set([0x8f, 205, 0, 5]);
    foreign.writeUInt16BE(65_535, 14);
    foreign.writeUInt16BE(0x3fff, 20);
    for (const tellsArrivals of [false, true]) {
      await connected({ ...FULL, tellsArrivals }, {}, async (peer, viewer) => {
        let readings = 0;
        peer.events.on('pathRead', () => { readings += 1; });
        peer.sendVideo(picture(0, 2500, true));
        await until(() => viewer.received.video.length === 3, 'the arrival of a picture');
        const lost = viewer.received.video[1]!.header;
        const nack = new RtcpTransportLayerFeedback({ feedback: new GenericNack({ senderSsrc: 1, mediaSourceSsrc: lost.ssrc, lost: [lost.sequenceNumber] }) }).serialize();
        await viewer.sendRtcp(Buffer.concat([foreign, nack, foreign]));
        await until(() => peer.statistics.packetsResent === 1, 'a packet sent again');
        assert.equal(readings, 0);
      });
    }
  });

  test('both sender reports name the same moment of media time', async () => {
    await connected(FULL, {}, async (peer, viewer) => {
      const reports = new Map<number, { ntp: bigint; rtp: number }>();
      viewer.connection.dtlsTransports[0]?.onRtcp.subscribe((packet) => {
        if (packet.type === 200) {
          reports.set(packet.ssrc, { ntp: packet.senderInfo.ntpTimestamp, rtp: packet.senderInfo.rtpTimestamp });
        }
      });
      const mediaUs = 3_000_000;
      peer.sendVideo({ ...picture(0, 100, true), mediaUs });
      peer.sendAudio({ ...voice(0), mediaUs });
      await until(() => reports.size === 2, 'the arrival of both sender reports');
      const times = [[viewer.received.video, 90_000], [viewer.received.audio, 48_000]] as const;
      const [videoUs, audioUs] = times.map(([packets, clockRateHz]) => {
        const { header } = packets[0]!;
        const report = reports.get(header.ssrc);
        assert.ok(report !== undefined);
        const sinceUs = (((report.rtp - header.timestamp) | 0) * 1_000_000) / clockRateHz;
        return mediaUs + sinceUs - Number((report.ntp * 1_000_000n) >> 32n) % 1e12;
      });
      assert.ok(Math.abs((videoUs ?? 0) - (audioUs ?? Infinity)) < 5000, `apart by ${(videoUs ?? 0) - (audioUs ?? 0)} µs`);
    });
  });

  test('sends nothing before the connection stands, and first of all a key frame', async () => {
    const viewer = new TestViewer(FULL);
    const { peer, answerSdp } = await WebRtcPeer.answer(await viewer.offer());
    peer.sendVideo(picture(0, 100, true));
    peer.sendAudio(voice(0));
    assert.equal(peer.connected, false);
    const events: string[] = [];
    peer.events.on('keyFrameRequested', ({ by }) => { events.push(`key frame: ${by}`); });
    peer.events.on('connected', () => { events.push('connected'); });
    const connection = once(peer, 'connected');
    await viewer.take(answerSdp);
    await connection;
    assert.deepEqual(events, ['key frame: connected', 'connected']);
    peer.sendVideo(picture(1, 100, false));
    peer.sendVideo(picture(2, 100, true));
    peer.sendVideo(picture(3, 100, false));
    await until(() => viewer.received.video.length === 2, 'the arrival of two pictures');
    assert.deepEqual(viewer.received.video.map(({ payload }) => payload[4]), [2, 3]);
    await peer.close();
    await viewer.close();
  });

  test('hears a picture-loss indication of a viewer whose microphone is on', async () => {
    await connected(FULL, {}, async (peer, viewer) => {
      const heard: WebRtcPeerEvents['microphonePacket'][] = [];
      peer.events.on('microphonePacket', (packet) => { heard.push(packet); });
      for (let index = 0; index < 5; index++) {
        viewer.speak(new Uint8Array(60).fill(index));
      }
      peer.sendVideo(picture(0, 100, true));
      await until(() => heard.length === 5 && viewer.received.video.length === 1, 'sound one way, picture the other');
      assert.deepEqual(heard.map(({ payload, sequenceNumber, timestamp }) => [payload.length, payload[0], sequenceNumber, timestamp]), [0, 1, 2, 3, 4].map((index) => [60, index, index, index * 960]));
      await new Promise((resolve) => { setTimeout(resolve, 310); });
      let requests = 0;
      peer.events.on('keyFrameRequested', ({ by }) => {
        assert.equal(by, 'pli');
        requests += 1;
      });
      await viewer.losePicture();
      await viewer.losePicture();
      await viewer.losePicture();
      await until(() => requests > 0, 'the request for a key frame');
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      assert.equal(requests, 1, 'repeated wishes are one request');
    });
  });

  test('sends lost packets again', async () => {
    await connected({ video: ['vp8'], audio: 'none' }, {}, async (peer, viewer) => {
      peer.sendVideo(picture(0, 5000, true));
      await until(() => viewer.received.video.length === 5, 'the arrival of the picture');
      const { header } = viewer.received.video[2]!;
      const nack = new RtcpTransportLayerFeedback({ feedback: new GenericNack({ senderSsrc: 1, mediaSourceSsrc: header.ssrc, lost: [header.sequenceNumber] }) });
      await viewer.connection.dtlsTransports[0]?.sendRtcp([nack]);
      await until(() => peer.statistics.packetsResent === 1, 'the retransmission');
    });
  });

  test('follows the order of codecs in the offer, and its own list', async () => {
    for (const [video, videoCodecs, expected] of [
      [['h264', 'vp8'], ['vp8', 'h264'], 'h264'], [['vp8', 'h264'], ['vp8', 'h264'], 'vp8'], [['vp8', 'h264'], ['h264'], 'h264'],
    ] as const) {
      const viewer = new TestViewer({ video, audio: 'recvonly' });
      const { peer, answerSdp, videoCodec } = await WebRtcPeer.answer(await viewer.offer(), { videoCodecs });
      assert.equal(videoCodec, expected);
      assert.equal(peer.videoCodec, expected);
      const section = answerSdp.slice(answerSdp.indexOf('m=video'));
      assert.match(section, expected === 'vp8' ? /a=rtpmap:\d+ VP8\/90000/ : /a=rtpmap:\d+ H264\/90000/);
      assert.equal(section.match(/a=rtpmap:/g)?.length, 2, 'the codec and its retransmission');
      assert.match(section, /a=rtcp-fb:\d+ goog-remb/);
      await Promise.all([peer.close(), viewer.close()]);
    }
  });

  test('sound alone and picture alone work', async () => {
    await connected({ video: [], audio: 'recvonly' }, {}, async (peer, viewer) => {
      assert.equal(peer.videoCodec, undefined);
      peer.sendVideo(picture(0, 100, true));
      peer.sendAudio(voice(0));
      await until(() => viewer.received.audio.length === 1, 'the arrival of sound');
    });
    await connected({ video: ['h264'], audio: 'none' }, {}, async (peer, viewer) => {
      peer.sendAudio(voice(0));
      peer.sendVideo({ kind: 'video', data: Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3), mediaUs: 0, keyFrame: true });
      await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
      assert.deepEqual([...viewer.received.video[0]!.payload], [0x65, 1, 2, 3]);
    });
  });

  test('goes on after an ICE restart, where the picture was', async () => {
    await connected(FULL, {}, async (peer, viewer) => {
      peer.sendVideo(picture(0, 100, true));
      await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
      let connections = 0;
      peer.events.on('connected', () => { connections += 1; });
      const before = /a=ice-ufrag:(\S+)/.exec(viewer.connection.localDescription?.sdp ?? '')?.[1];
      const offer = await viewer.offer({ iceRestart: true });
      assert.notEqual(/a=ice-ufrag:(\S+)/.exec(offer)?.[1], before);
      await viewer.take(await peer.restart(offer));
      let index = 1;
      await until(() => {
        peer.sendVideo(picture(index++, 100, false));
        return viewer.received.video.length > 5;
      }, 'the arrival of pictures after the restart');
      assert.equal(connections, 0);
    });
  });

  test('refuses the offer of another connection, as after the page was loaded again, and stays with its viewer', async () => {
    await connected(FULL, {}, async (peer, viewer) => {
      // The viewers of one process share werift's certificate; browsers make one for each connection.
      const other = (await viewer.offer()).replaceAll(/(a=fingerprint:sha-256) .*/g, `$1 ${new Array(32).fill('AB').join(':')}`);
      await assert.rejects(peer.restart(other), { code: 'invalid_sdp', message: /another connection/ });
      peer.sendVideo(picture(0, 100, true));
      await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
    });
  });

  test('takes candidates that come later', async () => {
    const viewer = new TestViewer(FULL);
    const offer = await viewer.offer();
    const candidates = [...offer.matchAll(/a=(candidate:\S.* 127\.0\.0\.1 .*)/g)].map((match) => match[1] ?? '');
    const { peer, answerSdp } = await WebRtcPeer.answer(offer.replaceAll(/a=(candidate|end-of-candidates).*\r\n/g, ''));
    const connection = once(peer, 'connected');
    await viewer.take(answerSdp);
    assert.ok(candidates[0] !== undefined);
    await peer.addCandidate({ candidate: candidates[0], sdpMid: '0' });
    await peer.addCandidate({ candidate: '' });
    await connection;
    for (const wrong of [{ candidate: 'nonsense', sdpMid: '0' }, { candidate: 'this is not an ice candidate', sdpMid: '0' }, { candidate: candidates[0], sdpMid: '9' }, { candidate: candidates[0] }]) {
      await assert.rejects(peer.addCandidate(wrong), { code: 'invalid_candidate' });
    }
    await Promise.all([peer.close(), viewer.close()]);
  });

  test('reaches a viewer that hides its addresses behind names, without listening for such names', async () => {
    const hidden = 'candidate:1 1 udp 2113937151 3f1a2b3c-0000-4000-8000-000000000001.local 50000 typ host generation 0';
    const viewer = new TestViewer(FULL);
    const offer = await viewer.offer();
    assert.match(offer, /a=candidate/);
    const { peer, answerSdp } = await WebRtcPeer.answer(offer.replaceAll(/a=candidate.*/g, `a=${hidden}`));
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length;
    const before = sockets();
    for (const candidate of [hidden, '']) {
      await peer.addCandidate({ candidate, sdpMid: '0' });
    }
    assert.ok(before > 0 && sockets() === before, `${sockets() - before} more sockets`);
    const connection = once(peer, 'connected');
    await viewer.take(answerSdp);
    await connection;
    peer.sendVideo(picture(0, 100, true));
    await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
    await Promise.all([peer.close(), viewer.close()]);
  });

  test('listens on loopback alone unless told otherwise', async () => {
    const offer = offerOf(audioSection('recvonly'), videoSection(CHROMIUM_FORMATS));
    const { peer, answerSdp } = await WebRtcPeer.answer(offer);
    assert.deepEqual([...new Set([...answerSdp.matchAll(/a=candidate:\S+ \d \w+ \d+ (\S+) /g)].map((match) => match[1]))], ['127.0.0.1']);
    await peer.close();
    const mapped = await WebRtcPeer.answer(offer, { publicAddress: '203.0.113.7', portMin: 42_000, portMax: 42_100 });
    const found = [...mapped.answerSdp.matchAll(/a=candidate:\S+ \d \w+ \d+ (\S+) (\d+) /g)];
    assert.ok(found.some((match) => match[1] === '203.0.113.7'));
    assert.ok(found.length > 0 && found.every((match) => Number(match[2]) >= 42_000 && Number(match[2]) <= 42_100));
    await mapped.peer.close();
  });

  test('meets Firefox, which pairs nothing with loopback, on a network card of this machine, with the picture', async () => {
    const { peer, answerSdp } = await WebRtcPeer.answer(FIREFOX_OFFER);
    const card = ownAddressFor(true);
    assert.deepEqual([...new Set([...answerSdp.matchAll(/a=candidate:\S+ \d \w+ \d+ (\S+) /g)].map((match) => match[1]))], [card]);
    assert.match(answerSdp, /m=video 9 \S+ 120 124\r\n(?:(?!m=)[^\n]*\n)*a=sendonly\r\n/);
    await peer.close();
  });

  test('hears on a network card nobody but this machine', async (t) => {
    const card = ownAddressFor(true);
    if (card === ownAddressFor(false)) {
      t.skip('this machine has no network card');
      return;
    }
    const connects = async (patienceMs: number): Promise<boolean> => {
      const viewer = new TestViewer(FULL);
      const offer = (await viewer.offer()).replace(/o=\S+/, 'o=mozilla');
      const { peer, answerSdp } = await WebRtcPeer.answer(offer);
      const connection = once(peer, 'connected').then(() => true);
      await viewer.take(answerSdp);
      const result = await Promise.race([connection, wait(patienceMs, false, { ref: false })]);
      await Promise.all([peer.close(), viewer.close()]);
      return result;
    };
    assert.equal(await connects(10_000), true, 'the viewer speaks from loopback, which is this machine');
    const only = Object.values(networkInterfaces()).flat().filter((found) => found?.address === card);
    t.mock.method(os, 'networkInterfaces', () => ({ card: only }));
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    assert.equal(await connects(1000), false, 'loopback counts as another machine now');
  });

  test('notices a viewer that vanished', async () => {
    await connected({ video: ['vp8'], audio: 'none' }, { silenceTimeoutMs: 600 }, async (peer, viewer) => {
      const closed = once(peer, 'closed');
      await viewer.close();
      assert.deepEqual(await closed, { reason: 'vanished' });
      assert.equal(peer.connected, false);
    });
  });

  test('keeps a viewer that says nothing by itself but answers when asked', async () => {
    await connected({ video: ['vp8'], audio: 'none' }, { silenceTimeoutMs: 700 }, async (peer, viewer) => {
      viewer.video?.receiver.stop();
      await new Promise((resolve) => { setTimeout(resolve, 2200); });
      assert.ok(peer.connected);
    });
  });

  test('takes a goodbye for one only when silence follows: anybody can forge it', async () => {
    await connected({ video: ['vp8'], audio: 'none' }, {}, async (peer, viewer) => {
      const port = Number(/127\.0\.0\.1 (\d+) typ/.exec(viewer.connection.remoteDescription?.sdp ?? '')?.[1]);
      const forger = createSocket('udp4');
      // A DTLS alert record: close_notify.
      forger.send(Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0), port, '127.0.0.1');
      await new Promise((resolve) => { setTimeout(resolve, 100); });
      forger.close();
      assert.equal(peer.connected, true);
      peer.sendVideo(picture(0, 100, true));
      await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
    });
  });

  test('wrong offers and options are told apart', async () => {
    const offer = offerOf(videoSection(CHROMIUM_FORMATS));
    await assert.rejects(WebRtcPeer.answer('hello'), { code: 'invalid_sdp' });
    await assert.rejects(WebRtcPeer.answer(offerOf(videoSection([[98, 'VP9']]))), { code: 'no_common_codec' });
    await assert.rejects(WebRtcPeer.answer(offer.replace('a=mid:1', 'a=mid:1\r\na=candidate:garbage')), { code: 'invalid_sdp' });
    for (const wrong of [{ portMin: 5, portMax: 5 }, { portMin: 9, portMax: 5 }, { silenceTimeoutMs: 1 }, { gatheringTimeoutMs: 0 }, { videoCodecs: [] }]) {
      await assert.rejects(WebRtcPeer.answer(offer, wrong), TypeError);
    }
    const { peer } = await WebRtcPeer.answer(offer);
    assert.throws(() => { peer.sendVideo(voice(0)); }, TypeError);
    assert.throws(() => { peer.sendAudio(picture(0, 1, true)); }, TypeError);
    await peer.close();
  });

  test('candidates that lead nowhere harm nobody', async () => {
    const offer = offerOf(audioSection('recvonly'));
    for (const nowhere of ['1 1 udp 1 127.0.0.1 99999 typ host', '1 1 udp 1 127.0.0.1 0 typ host', '1 1 udp 1 300.1.1.1 5000 typ host', '1 1 tcp 1 ::1 9 typ host tcptype active']) {
      const { peer } = await WebRtcPeer.answer(offer.replace('a=mid:0', `a=mid:0\r\na=candidate:${nowhere}`));
      await new Promise((resolve) => { setTimeout(resolve, 60); });
      await peer.close();
    }
  });

  test('close is idempotent, says so once and ends the peer', async () => {
    const offer = offerOf(audioSection('recvonly'));
    const { peer } = await WebRtcPeer.answer(offer);
    const reasons: PeerCloseReason[] = [];
    peer.events.on('closed', ({ reason }) => { reasons.push(reason); });
    const closing = peer.close();
    assert.equal(peer.close(), closing);
    await closing;
    assert.deepEqual(reasons, ['closed']);
    peer.sendAudio(voice(0));
    await assert.rejects(peer.addCandidate({ candidate: '', sdpMid: '0' }), InvalidStateError);
    await assert.rejects(peer.restart(offer), InvalidStateError);
  });

  test('a listener that throws disturbs nobody', async () => {
    const failures: object[] = [];
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (fields: object) => { failures.push(fields); } };
    const viewer = new TestViewer({ video: ['vp8'], audio: 'none' });
    const { peer, answerSdp } = await WebRtcPeer.answer(await viewer.offer(), { logger });
    const failure = new Error('from the listener');
    peer.events.on('connected', () => { throw failure; });
    const connection = once(peer, 'connected');
    await viewer.take(answerSdp);
    await connection;
    peer.sendVideo(picture(0, 100, true));
    await until(() => viewer.received.video.length === 1, 'the arrival of a picture');
    // Only under this name the log writes an error out.
    assert.deepEqual(failures, [{ err: failure }]);
    await Promise.all([peer.close(), viewer.close()]);
  });

  test('nothing is left open that keeps a process alive', { timeout: 20_000 }, async () => {
    const script = `
      import { WebRtcPeer } from ${JSON.stringify(new URL('../../src/transport/webrtc-peer.ts', import.meta.url).href)};
      import { TestViewer } from ${JSON.stringify(new URL('./test-viewer.ts', import.meta.url).href)};
      const viewer = new TestViewer({ video: ['vp8'], audio: 'sendrecv' });
      const { peer, answerSdp } = await WebRtcPeer.answer(await viewer.offer());
      const connection = new Promise((resolve) => peer.events.on('connected', resolve));
      await viewer.take(answerSdp);
      await connection;
      peer.sendVideo({ kind: 'video', data: new Uint8Array(90_000), mediaUs: 0, keyFrame: true });
      await peer.close();
      await viewer.close();
      console.log('closed');`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 15_000 });
    assert.equal(stdout.trim(), 'closed');
  });
});
