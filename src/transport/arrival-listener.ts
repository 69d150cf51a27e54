import type { RTCDtlsTransport } from 'werift';
import type { PathMeter, PathReading } from './path-meter.ts';
import { TransportFeedback, takeTransportFeedback } from './transport-feedback.ts';

/**
 * Listens for what a viewer tells about arrivals, from when the transport is connected on. It is taken out before werift reads it,
 * also where nobody wants to know: werift makes objects of every packet told of, and a small message of a hostile viewer may
 * tell of 65,535.
 */
export function listenForArrivals(transport: RTCDtlsTransport, meter: PathMeter | undefined, onRead: (reading: PathReading) => void): void {
  const feedback = new TransportFeedback();
  const take = (packet: Buffer): void => {
    const reading = meter !== undefined && feedback.read(packet) ? meter.heard(feedback, performance.now()) : undefined;
    if (reading !== undefined) {
      onRead(reading);
    }
  };
  transport.onStateChange.subscribe((state) => {
    if (state === 'connected') {
      const { srtcp } = transport;
      const decrypt = srtcp.decrypt;
      srtcp.decrypt = (encrypted) => takeTransportFeedback(decrypt(encrypted), take);
    }
  });
}
