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

/** Puts sections together into an offer. */
export function offerOf(...sections: readonly (readonly string[])[]): string {
  return [...HEAD, ...sections.flat(), ''].join('\r\n');
}
