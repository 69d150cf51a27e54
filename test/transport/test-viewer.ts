import {
  MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RTP_EXTENSION_URI, RtpHeader, RtpPacket, useAbsSendTime, useH264, useNACK, useOPUS, usePLI, useREMB,
  useSdesMid, useTransportWideCC, useTWCC, useVP8,
} from 'werift';
import type { RTCRtpTransceiver, RtcpPacket } from 'werift';
import { ArrivalFeedback } from '../../loadtest/arrival-feedback.ts';
import type { VideoCodec } from '../../src/base/encoded-unit.ts';

/** What a test viewer offers. */
export interface TestViewerOptions {
  /** In order of preference; none for sound alone. */
  readonly video: readonly VideoCodec[];
  readonly audio: 'none' | 'recvonly' | 'sendrecv';
  /** Whether it offers to tell when each packet arrives, and does so when asked. Default: false. */
  readonly tellsArrivals?: boolean;
}

/** A viewer made of werift on loopback: offers, receives, sends a microphone and complains. */
export class TestViewer {
  readonly connection: RTCPeerConnection;
  readonly video: RTCRtpTransceiver | undefined;
  readonly audio: RTCRtpTransceiver | undefined;
  readonly received: { readonly video: RtpPacket[]; readonly audio: RtpPacket[] } = { video: [], audio: [] };
  readonly #microphone = new MediaStreamTrack({ kind: 'audio' });
  readonly #arrivals = new ArrivalFeedback();
  #microphonePackets = 0;

  constructor(options: TestViewerOptions) {
    const tellsArrivals = options.tellsArrivals === true;
    const rtcpFeedback = [useNACK(), usePLI(), useREMB(), ...(tellsArrivals ? [useTWCC()] : [])];
    const codecs = options.video.flatMap((codec) => [
      codec === 'vp8' ? useVP8({ rtcpFeedback }) : useH264({ rtcpFeedback }), new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 }),
    ]);
    this.connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle', codecs: { audio: [useOPUS()], video: codecs }, iceServers: [],
      headerExtensions: { audio: [useSdesMid()], video: [useSdesMid(), useAbsSendTime(), ...(tellsArrivals ? [useTransportWideCC()] : [])] },
      iceUseIpv4: false, iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'], iceInterfaceAddresses: { udp4: '127.0.0.1' },
    });
    this.audio = options.audio === 'none' ? undefined
      : this.connection.addTransceiver(options.audio === 'sendrecv' ? this.#microphone : 'audio', { direction: options.audio });
    this.video = options.video.length === 0 ? undefined : this.connection.addTransceiver('video', { direction: 'recvonly' });
    if (this.video !== undefined) {
      // werift's own feedback names no losses.
      this.video.receiver.setupTWCC = () => undefined;
    }
    this.connection.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((packet, extensions) => {
        this.received[track.kind === 'video' ? 'video' : 'audio'].push(packet);
        const number: unknown = extensions?.[RTP_EXTENSION_URI.transportWideCC];
        if (typeof number === 'number') {
          this.#arrivals.arrived(number, performance.now());
        }
      });
    });
  }

  async offer(options: { iceRestart?: boolean } = {}): Promise<string> {
    // werift asks a public STUN server where none is given.
    await this.connection.setLocalDescription(await this.connection.createOffer(options));
    return this.connection.localDescription?.sdp ?? '';
  }

  async take(answerSdp: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answerSdp });
  }

  /** Sends one Opus packet of its microphone. */
  speak(payload: Uint8Array): void {
    const index = this.#microphonePackets++;
    this.#microphone.writeRtp(new RtpPacket(new RtpHeader({ payloadType: 96, sequenceNumber: index, timestamp: index * 960 }), Buffer.from(payload)));
  }

  /** Complains about the picture as browsers do. */
  async losePicture(): Promise<void> {
    const ssrc = this.received.video[0]?.header.ssrc;
    if (ssrc !== undefined) {
      await this.video?.receiver.sendRtcpPLI(ssrc);
    }
  }

  /** Tells when packets arrived. */
  async tellArrivals(): Promise<void> {
    const message = this.#arrivals.message();
    if (message !== undefined) {
      await this.sendRtcp(message);
    }
  }

  /** Sends RTCP as it is. */
  async sendRtcp(bytes: Buffer): Promise<void> {
    // werift only asks a packet for its bytes.
    await this.video?.receiver.dtlsTransport.sendRtcp([{ serialize: () => bytes } as RtcpPacket]);
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
