import { OratorError } from './orator-api.ts';
import type { OratorApi, SessionDescription } from './orator-api.ts';

/** How long candidates are collected before the offer goes out; later ones follow one by one. */
const GATHERING_LIMIT_MS = 1500;

/** How long the media connection may take after the answer. */
const CONNECTING_LIMIT_MS = 15_000;

/** A session's WebRTC connection: picture and voice come in, a microphone can go out at any time without a new offer. */
export class PeerLink {
  /** The picture and the voice. */
  readonly stream = new MediaStream();
  readonly #connection: RTCPeerConnection;
  readonly #microphoneSender: RTCRtpSender;
  readonly #onLost: () => void;

  /** Prepares a connection; `onLost` is called when it is lost after it was there, never after `close()`. */
  constructor(iceServers: readonly RTCIceServer[], onLost: () => void) {
    this.#onLost = onLost;
    this.#connection = new RTCPeerConnection({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' });
    this.#microphoneSender = this.#connection.addTransceiver('audio', { direction: 'sendrecv' }).sender;
    this.#connection.addTransceiver('video', { direction: 'recvonly' });
    this.#connection.addEventListener('track', ({ track, receiver }) => {
      preferLowLatency(receiver);
      this.stream.addTrack(track);
    });
  }

  /** Sends the offer, takes the answer and waits until media can flow. Throws `OratorError`. */
  async open(api: OratorApi, session: SessionDescription): Promise<void> {
    const connection = this.#connection;
    await connection.setLocalDescription();
    await this.#gathered();
    const offerSdp = connection.localDescription?.sdp ?? '';
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null) {
        // One candidate more or less decides nothing: when none works, the connection state says so.
        api.addCandidate(session.webrtcUrl, candidate).catch(() => undefined);
      }
    });
    const sdp = await api.answerOffer(session.webrtcUrl, offerSdp);
    await connection.setRemoteDescription({ type: 'answer', sdp });
    await this.#connected();
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') {
        this.#onLost();
      }
    });
  }

  /** Sends this microphone track from now on, or none. */
  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.#microphoneSender.replaceTrack(track);
  }

  /** The browser's statistics of the connection. */
  async statistics(): Promise<RTCStatsReport> {
    return await this.#connection.getStats();
  }

  /** Hangs up. */
  close(): void {
    this.#connection.close();
  }

  async #gathered(): Promise<void> {
    const connection = this.#connection;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (connection.iceGatheringState === 'complete') {
          resolve();
        }
      };
      connection.addEventListener('icegatheringstatechange', check);
      setTimeout(resolve, GATHERING_LIMIT_MS);
      check();
    });
  }

  async #connected(): Promise<void> {
    const connection = this.#connection;
    await new Promise<void>((resolve, reject) => {
      const refuse = (): void => {
        reject(new OratorError('media_blocked', 'Picture and sound cannot get through. A firewall may block UDP between here and the server.'));
      };
      const check = (): void => {
        if (connection.connectionState === 'connected') {
          resolve();
        } else if (connection.connectionState === 'failed') {
          refuse();
        }
      };
      connection.addEventListener('connectionstatechange', check);
      setTimeout(refuse, CONNECTING_LIMIT_MS);
      check();
    });
  }
}

/** Asks for the smallest jitter buffer; browsers that know neither setting keep their own. */
function preferLowLatency(receiver: RTCRtpReceiver): void {
  if ('jitterBufferTarget' in receiver) {
    receiver.jitterBufferTarget = 0;
  } else {
    (receiver as { playoutDelayHint?: number }).playoutDelayHint = 0;
  }
}
