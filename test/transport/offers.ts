/** Session part and transport lines that every offer here has. */
const HEAD = [
  'v=0', 'o=- 4611732 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1', 'a=msid-semantic: WMS',
];

const TRANSPORT = [
  'c=IN IP4 0.0.0.0', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuv',
  `a=fingerprint:sha-256 ${new Array(32).fill('AB').join(':')}`, 'a=setup:actpass', 'a=rtcp-mux',
];

/** An audio section as Chromium writes it, shortened. */
export function audioSection(direction: string, codecs = ['111 opus/48000/2', '63 red/48000/2', '9 G722/8000']): string[] {
  const types = codecs.map((codec) => codec.split(' ')[0]);
  return [
    `m=audio 9 UDP/TLS/RTP/SAVPF ${types.join(' ')}`, ...TRANSPORT, 'a=mid:0', `a=${direction}`,
    ...codecs.map((codec) => `a=rtpmap:${codec}`), ...(types.includes('111') ? ['a=fmtp:111 minptime=10;useinbandfec=1'] : []),
  ];
}

/** A video section; `formats` are payload type, name and format parameters, in order of preference. */
export function videoSection(formats: readonly (readonly [payloadType: number, name: string, parameters?: string])[]): string[] {
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${formats.map(([type]) => type).join(' ')}`, ...TRANSPORT, 'a=mid:1', 'a=recvonly',
    ...formats.flatMap(([type, name, parameters]) => [
      `a=rtpmap:${type} ${name}/90000`, ...(name === 'rtx' ? [] : [`a=rtcp-fb:${type} nack pli`, `a=rtcp-fb:${type} goog-remb`]),
      ...(parameters === undefined ? [] : [`a=fmtp:${type} ${parameters}`]),
    ]),
  ];
}

/** Chromium's choice of formats, shortened: VP8, VP9, several kinds of H.264, each with its retransmission. */
export const CHROMIUM_FORMATS = [
  [96, 'VP8'], [97, 'rtx', 'apt=96'],
  [102, 'H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f'], [103, 'rtx', 'apt=102'],
  [104, 'H264', 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f'], [105, 'rtx', 'apt=104'],
  [112, 'H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f'], [113, 'rtx', 'apt=112'],
  [98, 'VP9', 'profile-id=0'], [99, 'rtx', 'apt=98'],
] as const;

/** What Firefox 153 offers, shortened: everything but its first section is only to be had bundled, and has port 0 until then. */
export const FIREFOX_OFFER = [
  'v=0', 'o=mozilla...THIS_IS_SDPARTA-99.0 5969609601608296254 0 IN IP4 0.0.0.0', 's=-', 't=0 0', 'a=sendrecv',
  `a=fingerprint:sha-256 ${new Array(32).fill('C8').join(':')}`, 'a=group:BUNDLE 0 1', 'a=ice-options:trickle', 'a=msid-semantic:WMS *',
  'm=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101', 'c=IN IP4 0.0.0.0', 'a=candidate:0 1 UDP 2122187007 b3387ec3-28f3-4256-b5db-e4c1e659e285.local 35024 typ host',
  'a=candidate:2 1 TCP 2105458943 b3387ec3-28f3-4256-b5db-e4c1e659e285.local 9 typ host tcptype active', 'a=sendrecv', 'a=end-of-candidates',
  'a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1', 'a=fmtp:101 0-15',
  'a=ice-pwd:8bd2aed809bdd767b825a63580b7ab99', 'a=ice-ufrag:28ccdc76', 'a=mid:0', 'a=rtcp-mux', 'a=rtpmap:109 opus/48000/2', 'a=rtpmap:9 G722/8000/1',
  'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', 'a=setup:actpass',
  'm=video 0 UDP/TLS/RTP/SAVPF 120 124 121 125 99 100 123 122 119', 'c=IN IP4 0.0.0.0', 'a=bundle-only', 'a=recvonly',
  'a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', 'a=extmap-allow-mixed',
  'a=fmtp:120 max-fs=12288;max-fr=60', 'a=fmtp:124 apt=120', 'a=fmtp:121 max-fs=12288;max-fr=60', 'a=fmtp:125 apt=121',
  'a=ice-pwd:8bd2aed809bdd767b825a63580b7ab99', 'a=ice-ufrag:28ccdc76', 'a=mid:1', 'a=rtcp-fb:120 nack', 'a=rtcp-fb:120 nack pli', 'a=rtcp-fb:120 ccm fir',
  'a=rtcp-fb:120 goog-remb', 'a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:120 VP8/90000', 'a=rtpmap:124 rtx/90000', 'a=rtpmap:121 VP9/90000', 'a=rtpmap:125 rtx/90000',
  'a=rtpmap:99 AV1/90000', 'a=rtpmap:100 rtx/90000', 'a=rtpmap:123 ulpfec/90000', 'a=rtpmap:122 red/90000', 'a=rtpmap:119 rtx/90000', 'a=setup:actpass', '',
].join('\r\n');

/** Puts sections together into an offer. */
export function offerOf(...sections: readonly (readonly string[])[]): string {
  return [...HEAD, ...sections.flat(), ''].join('\r\n');
}
