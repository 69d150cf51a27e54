import {
  RTCPeerConnection, RTCRtpCodecParameters, useAbsSendTime, useH264, useNACK, useOPUS, usePLI, useREMB, useSdesMid, useTransportWideCC, useTWCC, useVP8,
} from 'werift';
import type { RTCRtpTransceiver } from 'werift';
import { AvatarError } from '../base/errors.ts';
import { boundTo, hearOwnMachineOnly, ownAddressFor } from './own-machine.ts';
import type { CompletePeerOptions } from './peer-options.ts';
import type { SdpOffer } from './sdp-offer.ts';

/** Name of the one media stream that carries picture and voice: browsers keep the tracks of one stream in step. */
const STREAM_ID = 'orator';

/** Makes a connection that can answer the offer. */
export function createConnection(offer: SdpOffer, options: CompletePeerOptions): RTCPeerConnection {
  const feedback = [useNACK(), usePLI(), useREMB(), useTWCC(), { type: 'ccm', parameter: 'fir' }];
  const video = offer.videoCodec === 'h264'
    ? useH264({ rtcpFeedback: feedback, ...(offer.h264Format === undefined ? {} : { parameters: offer.h264Format }) })
    : useVP8({ rtcpFeedback: feedback });
  const { portMin, portMax, publicAddress, loopbackOnly } = options;
  const ownAddress = ownAddressFor(offer.avoidsLoopback);
  const extraAddresses = [...(loopbackOnly ? [ownAddress] : []), ...(publicAddress === '' ? [] : [publicAddress])];
  return new RTCPeerConnection({
    codecs: { audio: [useOPUS({ parameters: 'minptime=10;useinbandfec=1' })], video: [video, new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 })] },
    // Without abs-send-time a viewer cannot estimate the bandwidth (REMB), which it does where it does not tell each packet's arrival.
    headerExtensions: { audio: [useSdesMid()], video: [useSdesMid(), useAbsSendTime(), useTransportWideCC()] },
    bundlePolicy: 'max-bundle',
    iceServers: options.iceServers.map(({ urls, username, credential }) => ({
      urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }),
    })),
    iceStunGatherTimeout: options.gatheringTimeoutMs / 1000,
    iceUseIpv4: !loopbackOnly,
    iceUseIpv6: !loopbackOnly,
    iceAdditionalHostAddresses: extraAddresses,
    // The socket behind a public address must listen where the router sends to, so only this machine's own address is bound to it.
    ...(isForOwnMachine(options) ? { iceInterfaceAddresses: boundTo(ownAddress) } : {}),
    ...(portMin === 0 ? {} : { icePortRange: [portMin, portMax] as [number, number] }),
  });
}

/**
 * Applies an offer, the first or one that restarts ICE, and returns the answer with this side's candidates in it.
 * @throws AvatarError `invalid_sdp` when werift cannot use the offer.
 */
export async function answerOffer(connection: RTCPeerConnection, offer: SdpOffer, options: CompletePeerOptions): Promise<string> {
  const isFirst = connection.remoteDescription === null;
  try {
    await connection.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
  } catch (cause) {
    throw new AvatarError('invalid_sdp', `The SDP offer cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
  setDirections(connection.getTransceivers());
  if (!options.iceServers.some(({ urls }) => urls.startsWith('stun'))) {
    for (const { iceTransport } of connection.dtlsTransports) {
      // Where none is given, werift asks a public STUN server of its own choice.
      Reflect.deleteProperty(iceTransport.connection, 'stunServer');
    }
  }
  const answer = await connection.createAnswer();
  await settledWithin(connection.setLocalDescription(answer), options.gatheringTimeoutMs);
  const sdp = connection.localDescription?.sdp;
  if (sdp === undefined) {
    throw new AvatarError('invalid_sdp', 'No answer to this SDP offer could be made.');
  }
  if (isFirst && offer.avoidsLoopback && isForOwnMachine(options)) {
    hearOwnMachineOnly(connection);
  }
  resumeRestartedIce(connection, options);
  return sdp;
}

/** Whether viewers on this machine alone are served. */
function isForOwnMachine({ loopbackOnly, publicAddress }: CompletePeerOptions): boolean {
  return loopbackOnly && publicAddress === '';
}

/** The first picture and the first sound are ours to send; nothing else is. */
function setDirections(transceivers: readonly RTCRtpTransceiver[]): void {
  for (const kind of ['video', 'audio'] as const) {
    for (const [index, transceiver] of transceivers.filter((one) => one.kind === kind).entries()) {
      const used = kind === 'video' ? 'sendonly' : 'sendrecv';
      transceiver.setDirection(index === 0 ? used : 'inactive');
      transceiver.sender.streamIds = [STREAM_ID];
    }
  }
}

/** Waits for the work, but no longer than told; it then goes on by itself. Rejects when the work fails in time. */
async function settledWithin(work: Promise<unknown>, mostMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => { timer = setTimeout(resolve, mostMs); });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** werift leaves out the connectivity checks of a restart when DTLS stands already; they are started here. */
function resumeRestartedIce(connection: RTCPeerConnection, options: CompletePeerOptions): void {
  for (const { state, iceTransport } of connection.dtlsTransports) {
    if (state === 'connected' && iceTransport.connection.nominated === undefined) {
      iceTransport.start().catch((error: unknown) => {
        // Not fatal by itself: when nothing more is heard of the viewer, the peer closes.
        options.logger.info({ err: error }, 'an ICE restart found no way to the viewer');
      });
    }
  }
}
