import { isIP } from 'node:net';
import { VIDEO_CODECS } from '../base/encoded-unit.ts';
import type { VideoCodec } from '../base/encoded-unit.ts';
import { AvatarError } from '../base/errors.ts';

/** Longest offer that is looked at, in characters; browsers send under 10,000. */
const MOST_SDP_CHARS = 32_000;

/** Most `m=` sections of an offer: what werift does with them grows with their square. */
const MOST_SECTIONS = 16;

/** An offer that was checked, with nothing left in it but what will be used. */
export interface SdpOffer {
  /** The offer, with every payload type taken out that is not going to be used. */
  readonly sdp: string;
  /** The viewer's favourite among the video codecs allowed; undefined when no video is offered. */
  readonly videoCodec: VideoCodec | undefined;
  /** The H.264 format chosen, as `fmtp` parameters. */
  readonly h264Format: string | undefined;
  /** Whether the viewer may send sound. */
  readonly sendsAudio: boolean;
  /** Whether the viewer takes sound. */
  readonly takesAudio: boolean;
  /** What tells one RTCPeerConnection from another, over all of its offers: the fingerprints of its certificates. */
  readonly fingerprints: string;
  /** True for Firefox, whose own candidates are never on loopback and pair with none that is. */
  readonly avoidsLoopback: boolean;
}

/** One `m=` section. */
interface Section {
  readonly kind: string;
  readonly lines: readonly string[];
}

interface Format {
  readonly payloadType: string;
  readonly name: string;
  readonly parameters: string;
}

/**
 * Reads the offer of an RTCPeerConnection: the first of its video codecs, in the viewer's order, that is allowed; Opus for sound.
 * @throws AvatarError `invalid_sdp`, or `no_common_codec` when an offered kind has no codec that can be used.
 */
export function readSdpOffer(offerSdp: string, allowed: readonly VideoCodec[] = VIDEO_CODECS): SdpOffer {
  const [session, sections] = splitSections(offerSdp);
  const media = sections.filter(({ kind, lines }) => (kind === 'audio' || kind === 'video') && !isRejected(lines));
  if (media.length === 0) {
    throw new AvatarError('invalid_sdp', 'The SDP offers neither sound nor picture. Add a recvonly video and an audio transceiver before createOffer.');
  }
  const transport = [...session, ...media.flatMap(({ lines }) => lines)];
  checkTransport(transport);
  const video = media.find(({ kind }) => kind === 'video');
  const audio = media.find(({ kind }) => kind === 'audio');
  const picture = video === undefined ? undefined : chooseVideo(video, allowed);
  const voice = audio === undefined ? undefined : chooseAudio(audio);
  const kept = new Map<Section | undefined, ReadonlySet<string>>([
    [video, withRetransmission(video, picture?.format)], [audio, new Set(voice === undefined ? [] : [voice.payloadType])],
  ]);
  return {
    sdp: [...session, ...sections.flatMap((section) => prune(section, kept.get(section)))].join('\r\n') + '\r\n',
    videoCodec: picture?.codec,
    h264Format: picture?.codec === 'h264' ? picture.format.parameters : undefined,
    ...directionsOf(audio === undefined ? ['a=inactive'] : [...session, ...audio.lines]),
    fingerprints: [...new Set(transport.filter((line) => line.startsWith('a=fingerprint:')).map((line) => line.toLowerCase()))].sort().join(' '),
    // Chromium's candidates are on network cards as well, but it pairs them with loopback.
    avoidsLoopback: session.some((line) => line.startsWith('o=mozilla')),
  };
}

function splitSections(sdp: string): [session: string[], sections: Section[]] {
  if (sdp.length > MOST_SDP_CHARS) {
    throw new AvatarError('invalid_sdp', `The SDP has ${sdp.length} characters; at most ${MOST_SDP_CHARS} are read.`);
  }
  const lines = sdp.split(/\r\n|\n|\r/).filter((line) => line !== '' && !(line.startsWith('a=candidate:') && isIdleCandidate(line)) && line !== 'a=end-of-candidates');
  if (lines[0] !== 'v=0' || lines.some((line) => !/^[a-z]=/.test(line))) {
    throw new AvatarError('invalid_sdp', 'The body is no SDP: it must start with v=0 and consist of lines like a=… Send the offer\'s sdp as it is.');
  }
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  if (starts.length > MOST_SECTIONS) {
    throw new AvatarError('invalid_sdp', `The SDP has ${starts.length} m= sections; at most ${MOST_SECTIONS} are read. Offer one for sound and one for picture.`);
  }
  const sections = starts.map((start, index) => ({
    kind: lines[start]!.slice(2).split(' ')[0] ?? '', lines: lines.slice(start, starts[index + 1]),
  }));
  return [lines.slice(0, starts[0]), sections];
}

/**
 * Says whether an ICE candidate, with or without `a=`, is better left out. One has a name where its address should be: browsers
 * hide addresses behind names under .local, for which werift would listen on all networks. The other is the empty one that ends
 * them: without any address werift would then give up, though the viewer's own checks show the way to it.
 */
export function isIdleCandidate(candidate: string): boolean {
  if (candidate === '') {
    return true;
  }
  const address = /^(?:a=)?candidate:\S+ \d+ \S+ \d+ (\S+) /.exec(candidate)?.[1];
  return address !== undefined && isIP(address) === 0;
}

/** Whether a section was turned down by the viewer itself: port 0 without being bundled. */
function isRejected(lines: readonly string[]): boolean {
  return lines[0]?.split(' ')[1] === '0' && !lines.includes('a=bundle-only');
}

/** What every offer says about its transport, and the form it has (RFC 8839, RFC 8122). */
const TRANSPORT_LINES: readonly (readonly [name: string, form: RegExp])[] = [
  ['ice-ufrag', /^a=ice-ufrag:[\w+/-]{4,256}$/], ['ice-pwd', /^a=ice-pwd:[\w+/-]{22,256}$/], ['fingerprint', /^a=fingerprint:sha-\d+ [\da-f]{2}(:[\da-f]{2})+$/i],
];

function checkTransport(lines: readonly string[]): void {
  for (const [name, form] of TRANSPORT_LINES) {
    const found = lines.filter((line) => line.startsWith(`a=${name}:`));
    if (found.length === 0 || !found.every((line) => form.test(line))) {
      throw new AvatarError('invalid_sdp', `The SDP has no usable ${name}. Send the offer of an RTCPeerConnection, with ICE and DTLS.`);
    }
  }
}

function directionsOf(lines: readonly string[]): { sendsAudio: boolean; takesAudio: boolean } {
  const direction = lines.findLast((line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line))?.slice(2) ?? 'sendrecv';
  return { sendsAudio: direction.startsWith('send'), takesAudio: direction === 'sendrecv' || direction === 'recvonly' };
}

/** The formats of a section, in the order of its `m=` line, which is the viewer's order of preference. */
function formatsOf({ lines }: Section): Format[] {
  const names = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const line of lines) {
    const [, attribute, payloadType, value] = /^a=(rtpmap|fmtp):(\d+) (.*)$/.exec(line) ?? [];
    if (payloadType !== undefined && value !== undefined) {
      (attribute === 'rtpmap' ? names : parameters).set(payloadType, value);
    }
  }
  return (lines[0]?.split(' ').slice(3) ?? []).map((payloadType) => ({
    payloadType, name: (names.get(payloadType) ?? '').toLowerCase(), parameters: parameters.get(payloadType) ?? '',
  }));
}

function chooseVideo(section: Section, allowed: readonly VideoCodec[]): { codec: VideoCodec; format: Format } {
  for (const format of formatsOf(section)) {
    const codec = videoCodecOf(format);
    if (codec !== undefined && allowed.includes(codec)) {
      return { codec, format };
    }
  }
  throw new AvatarError('no_common_codec', `The offer has none of the video codecs ${allowed.join(', ')} (H.264: baseline profile, packetization-mode 1). Offer one of them.`);
}

/** Baseline H.264 only: its profile-level-id starts with 42; without one it is baseline level 1 by RFC 6184. */
function videoCodecOf({ name, parameters }: Format): VideoCodec | undefined {
  if (name === 'vp8/90000') {
    return 'vp8';
  }
  const baseline = /profile-level-id=42/i.test(parameters) || !/profile-level-id=/i.test(parameters);
  return name === 'h264/90000' && baseline && parameters.includes('packetization-mode=1') ? 'h264' : undefined;
}

function chooseAudio(section: Section): Format {
  const opus = formatsOf(section).find(({ name }) => name === 'opus/48000/2');
  if (opus === undefined) {
    throw new AvatarError('no_common_codec', 'The offer has no Opus (opus/48000/2) for its sound. Offer it, or leave sound out.');
  }
  return opus;
}

function withRetransmission(section: Section | undefined, format: Format | undefined): ReadonlySet<string> {
  if (section === undefined || format === undefined) {
    return new Set();
  }
  const repairs = new RegExp(`\\bapt=${format.payloadType}\\b`);
  const retransmission = formatsOf(section).find(({ name, parameters }) => name === 'rtx/90000' && repairs.test(parameters));
  return new Set(retransmission === undefined ? [format.payloadType] : [format.payloadType, retransmission.payloadType]);
}

/**
 * Takes every other payload type out of a section; a section that is not used loses nothing, it is answered as inactive.
 * Firefox gives port 0 to a section that is only to be had bundled (RFC 8843), which werift would take for turned down.
 */
function prune(section: Section, kept: ReadonlySet<string> | undefined): readonly string[] {
  if (kept === undefined || kept.size === 0) {
    return section.lines;
  }
  return section.lines.map((line, index) => {
    const [media, port, protocol, ...payloadTypes] = line.split(' ');
    return index === 0 ? [media, port === '0' ? '9' : port, protocol, ...payloadTypes.filter((payloadType) => kept.has(payloadType))].join(' ') : line;
  }).filter((line) => {
    const payloadType = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
    return line !== 'a=bundle-only' && (payloadType === undefined || kept.has(payloadType));
  });
}
