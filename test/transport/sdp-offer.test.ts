import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSdpOffer } from '../../src/transport/sdp-offer.ts';
import { CHROMIUM_FORMATS, FIREFOX_OFFER, audioSection, offerOf, videoSection } from './offers.ts';

const chromium = offerOf(audioSection('sendrecv'), videoSection(CHROMIUM_FORMATS));

const mediaLine = (sdp: string, kind: string): string | undefined => sdp.split('\r\n').find((line) => line.startsWith(`m=${kind}`));

test('the first codec of the viewer that is allowed is taken, with its retransmission, and nothing else is left', () => {
  const offer = readSdpOffer(chromium);
  assert.equal(offer.videoCodec, 'vp8');
  assert.equal(mediaLine(offer.sdp, 'video'), 'm=video 9 UDP/TLS/RTP/SAVPF 96 97');
  assert.equal(mediaLine(offer.sdp, 'audio'), 'm=audio 9 UDP/TLS/RTP/SAVPF 111');
  assert.ok(!/a=(rtpmap|fmtp|rtcp-fb):(63|98|102|104|112) /.test(offer.sdp));
  assert.ok(offer.sdp.includes('a=rtcp-fb:96 nack pli\r\n'));
  assert.deepEqual([offer.sendsAudio, offer.takesAudio, offer.h264Format], [true, true, undefined]);
});

test('of H.264 only baseline with packetization-mode 1 will do', () => {
  const [vp8, vp8Repair, ...h264] = CHROMIUM_FORMATS;
  const offer = readSdpOffer(offerOf(videoSection([h264[4], h264[2], h264[0], h264[1], vp8, vp8Repair])));
  assert.equal(offer.videoCodec, 'h264');
  assert.equal(mediaLine(offer.sdp, 'video'), 'm=video 9 UDP/TLS/RTP/SAVPF 102 103');
  assert.equal(offer.h264Format, 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f');
});

test('what the server does not allow is passed over', () => {
  assert.equal(readSdpOffer(chromium, ['h264']).videoCodec, 'h264');
  assert.throws(() => readSdpOffer(offerOf(videoSection([[96, 'VP8']])), ['h264']), { code: 'no_common_codec' });
});

test('sound alone and picture alone are offers too', () => {
  const sound = readSdpOffer(offerOf(audioSection('recvonly')));
  assert.deepEqual([sound.videoCodec, sound.sendsAudio, sound.takesAudio], [undefined, false, true]);
  const picture = readSdpOffer(offerOf(videoSection([[96, 'VP8']])));
  assert.deepEqual([picture.videoCodec, picture.sendsAudio, picture.takesAudio], ['vp8', false, false]);
  const microphone = readSdpOffer(offerOf(audioSection('sendonly')));
  assert.deepEqual([microphone.sendsAudio, microphone.takesAudio], [true, false]);
});

test('a codec nobody shares is no_common_codec', () => {
  assert.throws(() => readSdpOffer(offerOf(videoSection([[98, 'VP9', 'profile-id=0'], [45, 'AV1']]))), { code: 'no_common_codec' });
  assert.throws(() => readSdpOffer(offerOf(audioSection('recvonly', ['9 G722/8000']), videoSection([[96, 'VP8']]))), { code: 'no_common_codec' });
});

test('a section that the viewer turned down counts as absent', () => {
  const rejected = audioSection('recvonly', ['9 G722/8000']).map((line) => line.replace('m=audio 9', 'm=audio 0'));
  assert.equal(readSdpOffer(offerOf(rejected, videoSection([[96, 'VP8']]))).videoCodec, 'vp8');
});

test('a picture that Firefox takes only bundled with the sound is no less an offer', () => {
  const { sdp, videoCodec, avoidsLoopback } = readSdpOffer(FIREFOX_OFFER);
  assert.deepEqual([videoCodec, avoidsLoopback, readSdpOffer(chromium).avoidsLoopback], ['vp8', true, false]);
  assert.equal(mediaLine(sdp, 'video'), 'm=video 9 UDP/TLS/RTP/SAVPF 120 124');
  assert.ok(!sdp.includes('bundle-only'), 'port 0 would be a refusal now');
});

test('lines may end in LF alone', () => {
  assert.equal(readSdpOffer(chromium.replaceAll('\r\n', '\n')).videoCodec, 'vp8');
});

test('sixteen sections are read', () => {
  assert.equal(readSdpOffer(offerOf(...new Array<string[]>(15).fill(audioSection('recvonly')), videoSection([[96, 'VP8']]))).videoCodec, 'vp8');
});

test('offers of one connection have the same fingerprints, those of another have others', () => {
  const { fingerprints } = readSdpOffer(chromium);
  assert.equal(readSdpOffer(offerOf(audioSection('recvonly')).replaceAll('AB:', 'ab:')).fingerprints, fingerprints);
  assert.notEqual(readSdpOffer(chromium.replaceAll('AB:', 'AC:')).fingerprints, fingerprints);
});

test('candidates that name a host are left out, also that no more come; those with an address stay', () => {
  const candidate = (address: string): string => `a=candidate:1 1 udp 2113937151 ${address} 50000 typ host generation 0`;
  const hidden = ['3f1a2b3c-0000-4000-8000-000000000001.local', '127.0.0.1.local', 'x.LOCAL', 'localhost'].map(candidate);
  const open = ['192.0.2.7', '2001:db8::7'].map(candidate);
  const { sdp } = readSdpOffer(offerOf([...audioSection('recvonly'), ...hidden, ...open, 'a=end-of-candidates']));
  assert.deepEqual(sdp.split('\r\n').filter((line) => line.includes('candidate')), open);
});

test('what is no offer is invalid_sdp', () => {
  for (const [name, sdp] of [
    ['nothing', ''], ['text', 'hello'], ['JSON', '{"type":"offer","sdp":"v=0"}'], ['no media', offerOf()],
    ['data only', offerOf(['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuv'])],
    ['no ICE', chromium.replaceAll(/a=ice-ufrag:.*\r\n/g, '')], ['no DTLS', chromium.replaceAll(/a=fingerprint:.*\r\n/g, '')],
    ['a broken fingerprint', chromium.replaceAll('AB:AB', 'XY')], ['a short password', chromium.replaceAll('ice-pwd:abcdefghij', 'ice-pwd:')],
    ['a broken line', `${chromium}nonsense\r\n`], ['too long', `${chromium}${'a=x\r\n'.repeat(6400)}`],
    ['too many sections', offerOf(...new Array<string[]>(17).fill(audioSection('recvonly')))],
  ] as const) {
    assert.throws(() => readSdpOffer(sdp), { code: 'invalid_sdp' }, name);
  }
});
