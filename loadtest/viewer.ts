import { GenericNack, MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RTP_EXTENSION_URI, RtcpSrPacket, RtcpTransportLayerFeedback, RtpHeader, RtpPacket, useAbsSendTime, useNACK, useOPUS, usePLI, useREMB, useSdesMid, useTransportWideCC, useTWCC, useVP8 } from 'werift';
import type { RTCRtpReceiver, RtcpPacket } from 'werift';
import WebSocket from 'ws';
import { serverMessageSchema } from '../src/transport/messages.ts';
import type { ClientMessage, ServerMessage } from '../src/transport/messages.ts';
import { ArrivalFeedback } from './arrival-feedback.ts';
import { FrameAssembler } from './frame-assembler.ts';
import type { ReceivedFrame } from './frame-assembler.ts';
import { CLEAN_PATH, LossyPath } from './lossy-path.ts';
import type { PathFaults } from './lossy-path.ts';

export type { ReceivedFrame } from './frame-assembler.ts';

/** The wall-clock time of an RTP time, as the server reports it for one of its streams. */
export interface SenderReport {
  readonly kind: 'audio' | 'video';
  /** Milliseconds since 1900. */
  readonly ntpMs: number;
  readonly rtpTimestamp: number;
}

/** A viewer that the server does not let in. */
export class RefusedError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(`No session: ${status} ${code}.`);
    this.status = status;
    this.code = code;
  }
}

/** Time between two looks for missing packets, and between two messages about arrivals: Chromium's, in milliseconds. */
const LOOK_MS = 10;
const FEEDBACK_MS = 100;

/** A viewer without a screen: a real WebRTC peer that receives VP8 and Opus, and a WebSocket that pushes speech. */
export class Viewer {
  readonly sessionId: string;
  /** The network between the server and this viewer. */
  readonly path: LossyPath;
  /** Called for every whole video frame, in decoding order. */
  onFrame: (frame: ReceivedFrame) => void = () => undefined;
  /** Called for every Opus packet, as it arrives. */
  onAudio: (packet: { atMs: number; rtpTimestamp: number; payload: Uint8Array }) => void = () => undefined;
  /** Called for every message of the server. */
  onMessage: (message: ServerMessage) => void = () => undefined;
  onSenderReport: (report: SenderReport) => void = () => undefined;
  /** Bytes of RTP received. */
  bytes = 0;
  readonly #url: string;
  readonly #peer: RTCPeerConnection;
  readonly #socket: WebSocket;
  readonly #assembler: FrameAssembler;
  readonly #arrivals = new ArrivalFeedback();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #kinds = new Map<number, 'audio' | 'video'>();
  readonly #microphone: MediaStreamTrack;
  #microphonePackets = 0;
  #video: { readonly receiver: RTCRtpReceiver; readonly ssrc: number } | undefined;

  /**
   * Creates a session at the server, connects and waits until media may flow.
   * @throws RefusedError when the server lets nobody in.
   */
  static async connect(url: string, { faults = CLEAN_PATH, session: asked = {}, speaks = false }: { faults?: PathFaults; session?: object; speaks?: boolean } = {}): Promise<Viewer> {
    const created = await fetch(`${url}/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked) });
    const answer = await created.json() as { id: string; webrtcUrl: string; streamUrl: string; error?: { code: string } };
    if (created.status !== 201) {
      throw new RefusedError(created.status, answer.error?.code ?? 'unknown');
    }
    const peer = new RTCPeerConnection({
      codecs: {
        audio: [useOPUS()],
        video: [useVP8({ rtcpFeedback: [useNACK(), usePLI(), useREMB(), useTWCC()] }), new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 })],
      },
      headerExtensions: { audio: [useSdesMid()], video: [useSdesMid(), useAbsSendTime(), useTransportWideCC()] },
      iceServers: [], iceUseIpv4: false, iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'], iceInterfaceAddresses: { udp4: '127.0.0.1' }, bundlePolicy: 'max-bundle',
    });
    const socket = new WebSocket(url.replace('http', 'ws') + answer.streamUrl);
    await new Promise<void>((resolve, reject) => { socket.once('open', () => { resolve(); }); socket.once('error', reject); });
    const microphone = new MediaStreamTrack({ kind: 'audio' });
    peer.addTransceiver(speaks ? microphone : 'audio', { direction: speaks ? 'sendrecv' : 'recvonly' });
    const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
    receiver.setupTWCC = () => undefined;
    await peer.setLocalDescription(await peer.createOffer());
    const viewer = new Viewer({ url, id: answer.id, peer, socket, receiver, microphone });
    await viewer.#negotiate(url + answer.webrtcUrl);
    viewer.path.set(faults);
    return viewer;
  }

  private constructor(parts: { url: string; id: string; peer: RTCPeerConnection; socket: WebSocket; receiver: RTCRtpReceiver; microphone: MediaStreamTrack }) {
    this.sessionId = parts.id;
    this.#url = parts.url;
    this.#peer = parts.peer;
    this.#socket = parts.socket;
    this.#microphone = parts.microphone;
    this.path = new LossyPath(parts.peer, CLEAN_PATH);
    this.#assembler = new FrameAssembler({
      onFrame: (frame) => { this.onFrame(frame); },
      onMissing: (sequenceNumbers) => { this.#askAgain(sequenceNumbers); },
      onStuck: () => {
        if (this.#video !== undefined) {
          void this.#video.receiver.sendRtcpPLI(this.#video.ssrc);
        }
      },
    });
    this.#timers = [
      setInterval(() => { this.#assembler.look(performance.now()); }, LOOK_MS),
      setInterval(() => { this.#tellArrivals(parts.receiver); }, FEEDBACK_MS),
    ];
    this.#socket.on('error', () => { /* A WebSocket that breaks off is told by its close event. */ });
    this.#socket.on('message', (data: Buffer) => { this.onMessage(serverMessageSchema.parse(JSON.parse(data.toString()))); });
    this.#peer.onTrack.subscribe((track: MediaStreamTrack) => { this.#receive(track, parts.receiver); });
    for (const transport of this.#peer.dtlsTransports) {
      transport.onRtcp.subscribe((packet) => { this.#readReport(packet); });
    }
  }

  /** Packets of the picture that never came in time. */
  get packetsGivenUp(): number {
    return this.#assembler.givenUp;
  }

  /** True while the server's WebSocket is open. */
  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Pushes s16le samples between `audio.start` and `audio.end`. */
  pushPcm(samples: Int16Array): void {
    this.#socket.send(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  /** Sends the next Opus packet of a microphone; for viewers that speak. */
  sendMicrophone(payload: Uint8Array): void {
    const packet = this.#microphonePackets++;
    const header = new RtpHeader({ payloadType: 96, sequenceNumber: packet & 0xffff, timestamp: (packet * 960) >>> 0 });
    this.#microphone.writeRtp(new RtpPacket(header, Buffer.from(payload)));
  }

  /** Ends the session as a well-behaved client does. */
  async close(): Promise<void> {
    const deleted = await fetch(`${this.#url}/v1/sessions/${this.sessionId}`, { method: 'DELETE' });
    await deleted.arrayBuffer();
    await this.#free();
  }

  /** Goes away like a closed tab: its WebSocket closes, nobody says goodbye to the session. */
  async closeTab(): Promise<void> {
    this.path.cut();
    await this.#free();
  }

  /** Goes away like a cut cable: nothing is heard any more, and nothing is closed. Frees this side's resources. */
  async cutNetwork(): Promise<void> {
    this.path.cut();
    this.#socket.pause();
    await this.#peer.close();
    this.#timers.forEach((timer) => { clearInterval(timer); });
  }

  async #free(): Promise<void> {
    this.#timers.forEach((timer) => { clearInterval(timer); });
    this.#socket.close();
    await this.#peer.close();
  }

  async #negotiate(webrtcUrl: string): Promise<void> {
    const answer = await fetch(webrtcUrl, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: this.#peer.localDescription?.sdp ?? '' });
    if (answer.status !== 201) {
      throw new Error(`No answer: ${answer.status} ${await answer.text()}`);
    }
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
    if (this.#peer.connectionState !== 'connected') {
      await this.#peer.connectionStateChange.watch((state) => state === 'connected', 10_000);
    }
  }

  #receive(track: MediaStreamTrack, receiver: RTCRtpReceiver): void {
    if (track.kind === 'video') {
      // werift's own NACKs come every 5 ms, ten times at most: no browser does that. The assembler asks instead.
      (Reflect.get(receiver, 'nack') as { close(): void }).close();
    }
    track.onReceiveRtp.subscribe((packet, extensions) => {
      const atMs = performance.now();
      const transportNumber: unknown = extensions?.[RTP_EXTENSION_URI.transportWideCC];
      if (typeof transportNumber === 'number') {
        this.#arrivals.arrived(transportNumber, atMs);
      }
      this.bytes += packet.payload.length;
      this.#kinds.set(packet.header.ssrc, track.kind === 'video' ? 'video' : 'audio');
      if (track.kind === 'video') {
        this.#video ??= { receiver, ssrc: packet.header.ssrc };
        this.#assembler.push(packet, atMs);
      } else {
        this.onAudio({ atMs, rtpTimestamp: packet.header.timestamp, payload: packet.payload });
      }
    });
  }

  #tellArrivals(receiver: RTCRtpReceiver): void {
    const message = this.#arrivals.message();
    if (message !== undefined) {
      // werift only asks a packet for its bytes.
      void receiver.dtlsTransport.sendRtcp([{ serialize: () => message } as RtcpPacket]);
    }
  }

  #askAgain(lost: readonly number[]): void {
    if (this.#video === undefined) {
      return;
    }
    const { receiver, ssrc } = this.#video;
    const feedback = new GenericNack({ senderSsrc: receiver.rtcpSsrc, mediaSourceSsrc: ssrc, lost: [...lost] });
    void receiver.dtlsTransport.sendRtcp([new RtcpTransportLayerFeedback({ feedback })]);
  }

  #readReport(packet: RtcpPacket): void {
    const kind = packet instanceof RtcpSrPacket ? this.#kinds.get(packet.ssrc) : undefined;
    if (packet instanceof RtcpSrPacket && kind !== undefined) {
      const { ntpTimestamp, rtpTimestamp } = packet.senderInfo;
      this.onSenderReport({ kind, ntpMs: (Number(ntpTimestamp) / 2 ** 32) * 1000, rtpTimestamp });
    }
  }
}
