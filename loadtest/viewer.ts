import { RTCPeerConnection, RTCRtpCodecParameters, Vp8RtpPayload, useNACK, useOPUS, usePLI, useREMB, useVP8 } from 'werift';
import type { MediaStreamTrack, RtpPacket } from 'werift';
import WebSocket from 'ws';
import { serverMessageSchema } from '../src/transport/messages.ts';
import type { ClientMessage, ServerMessage } from '../src/transport/messages.ts';

/** One received video frame. */
export interface ReceivedFrame {
  /** Arrival of its last packet, `performance.now()`. */
  readonly atMs: number;
  /** 90 kHz. */
  readonly rtpTimestamp: number;
  /** VP8. */
  readonly data: Uint8Array;
}

/** A viewer without a screen: a real WebRTC peer that receives VP8 and Opus, and a WebSocket that pushes speech. */
export class Viewer {
  readonly sessionId: string;
  /** Called for every whole video frame. */
  onFrame: (frame: ReceivedFrame) => void = () => undefined;
  /** Called for every Opus packet. */
  onAudio: (packet: { atMs: number; rtpTimestamp: number; bytes: number }) => void = () => undefined;
  /** Called for every message of the server. */
  onMessage: (message: ServerMessage) => void = () => undefined;
  readonly #url: string;
  readonly #peer: RTCPeerConnection;
  readonly #socket: WebSocket;
  #fragments: Uint8Array[] = [];

  /** Creates a session at the server, connects and waits until media may flow. */
  static async connect(url: string): Promise<Viewer> {
    const created = await fetch(`${url}/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    if (created.status !== 201) {
      throw new Error(`No session: ${created.status} ${await created.text()}`);
    }
    const session = await created.json() as { id: string; webrtcUrl: string; streamUrl: string };
    const peer = new RTCPeerConnection({
      codecs: {
        audio: [useOPUS()],
        video: [useVP8({ rtcpFeedback: [useNACK(), usePLI(), useREMB()] }), new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 })],
      },
      iceServers: [], iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'], bundlePolicy: 'max-bundle',
    });
    const socket = new WebSocket(url.replace('http', 'ws') + session.streamUrl);
    const viewer = new Viewer({ url, id: session.id, peer, socket });
    await new Promise<void>((resolve, reject) => { socket.once('open', () => { resolve(); }); socket.once('error', reject); });
    await viewer.#negotiate(url + session.webrtcUrl);
    return viewer;
  }

  private constructor(parts: { url: string; id: string; peer: RTCPeerConnection; socket: WebSocket }) {
    this.sessionId = parts.id;
    this.#url = parts.url;
    this.#peer = parts.peer;
    this.#socket = parts.socket;
    this.#socket.on('message', (data: Buffer) => { this.onMessage(serverMessageSchema.parse(JSON.parse(data.toString()))); });
    this.#peer.onTrack.subscribe((track: MediaStreamTrack) => {
      track.onReceiveRtp.subscribe((packet) => {
        if (track.kind === 'video') {
          this.#takeVideo(packet);
        } else {
          this.onAudio({ atMs: performance.now(), rtpTimestamp: packet.header.timestamp, bytes: packet.payload.length });
        }
      });
    });
  }

  send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Pushes s16le samples between `audio.start` and `audio.end`. */
  pushPcm(samples: Int16Array): void {
    this.#socket.send(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  async close(): Promise<void> {
    await fetch(`${this.#url}/v1/sessions/${this.sessionId}`, { method: 'DELETE' });
    this.#socket.close();
    await this.#peer.close();
  }

  async #negotiate(webrtcUrl: string): Promise<void> {
    this.#peer.addTransceiver('audio', { direction: 'recvonly' });
    this.#peer.addTransceiver('video', { direction: 'recvonly' });
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    const answer = await fetch(webrtcUrl, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: this.#peer.localDescription?.sdp ?? '' });
    if (answer.status !== 201) {
      throw new Error(`No answer: ${answer.status} ${await answer.text()}`);
    }
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    if (this.#peer.connectionState !== 'connected') {
      await this.#peer.connectionStateChange.watch((state) => state === 'connected', 10_000);
    }
  }

  #takeVideo(packet: RtpPacket): void {
    const { payload } = Vp8RtpPayload.deSerialize(packet.payload);
    this.#fragments.push(payload);
    if (packet.header.marker) {
      this.onFrame({ atMs: performance.now(), rtpTimestamp: packet.header.timestamp, data: Buffer.concat(this.#fragments) });
      this.#fragments = [];
    }
  }
}
