import { RTP_EXTENSION_URI } from 'werift';
import type { RTCPeerConnection, RTCRtpTransceiver } from 'werift';
import { InvalidStateError } from '../base/errors.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { PathMeter } from './path-meter.ts';
import type { SdpOffer } from './sdp-offer.ts';

/** RTP ticks in one second. */
export const VIDEO_CLOCK_HZ = 90_000;
export const AUDIO_CLOCK_HZ = 48_000;

/** What both sides of a connection agreed on. */
export interface AgreedStreams {
  readonly video: OutgoingStream | undefined;
  readonly audio: OutgoingStream | undefined;
  /** Measures the path of the picture, where the viewer tells when each packet arrives. */
  readonly meter: PathMeter | undefined;
  /** Of the sound that the viewer may send. */
  readonly microphonePayloadType: number | undefined;
}

/** Opens the streams of a connection whose offer was answered. @throws InvalidStateError when werift agreed on no codec for one. */
export function openStreams(connection: RTCPeerConnection, { videoCodec, takesAudio, sendsAudio }: SdpOffer): AgreedStreams {
  const transceivers = connection.getTransceivers();
  const video = transceivers.find(({ kind }) => kind === 'video');
  const audio = transceivers.find(({ kind }) => kind === 'audio');
  const { cname } = connection;
  const meter = video !== undefined && tellsArrivals(video) ? new PathMeter() : undefined;
  return {
    video: video === undefined || videoCodec === undefined ? undefined : openStream(video, { cname, clockRateHz: VIDEO_CLOCK_HZ, meter }),
    audio: audio === undefined || !takesAudio ? undefined : openStream(audio, { cname, clockRateHz: AUDIO_CLOCK_HZ }),
    meter,
    microphonePayloadType: sendsAudio ? audio?.sender.codec?.payloadType : undefined,
  };
}

/** Says whether the viewer tells when each packet of a stream arrives. */
function tellsArrivals({ sender, codecs, headerExtensions }: RTCRtpTransceiver): boolean {
  const codec = sender.codec ?? codecs[0];
  return headerExtensions.some(({ uri }) => uri === RTP_EXTENSION_URI.transportWideCC) && codec?.rtcpFeedback.some(({ type }) => type === 'transport-cc') === true;
}

/** Opens the stream that a transceiver's two sides agreed on. @throws InvalidStateError when they agreed on no codec. */
function openStream(transceiver: RTCRtpTransceiver, { cname, clockRateHz, meter }: { cname: string; clockRateHz: number; meter?: PathMeter | undefined }): OutgoingStream {
  const { sender, codecs, headerExtensions, mid, dtlsTransport } = transceiver;
  const codec = sender.codec ?? codecs[0];
  if (codec === undefined) {
    throw new InvalidStateError('werift agreed on no codec for a stream that the offer has one for.');
  }
  const retransmission = codecs.find(({ name, parameters }) => name.toLowerCase() === 'rtx' && parameters === `apt=${codec.payloadType}`);
  const extension = (uri: string): number | undefined => headerExtensions.find((one) => one.uri === uri)?.id;
  return new OutgoingStream({
    transport: dtlsTransport,
    ssrc: sender.ssrc,
    payloadType: codec.payloadType,
    clockRateHz,
    mid: mid ?? '',
    cname,
    extensions: { mid: extension(RTP_EXTENSION_URI.sdesMid), absoluteSendTime: extension(RTP_EXTENSION_URI.absSendTime), transportNumber: meter && extension(RTP_EXTENSION_URI.transportWideCC) },
    meter,
    retransmission: retransmission === undefined ? undefined : { ssrc: sender.rtxSsrc, payloadType: retransmission.payloadType },
  });
}
