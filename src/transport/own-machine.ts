import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { NetworkInterfaceInfo } from 'node:os';
import type { RTCPeerConnection } from 'werift';

/** The address that stands for this machine alone. */
export const LOOPBACK = '127.0.0.1';

/** What werift hears with, as far as it is touched here; `stun` is a socket of this machine. */
interface Carrier {
  readonly type: string;
  readonly transport: { onData: (data: Buffer, from: readonly [address: string, port: number]) => void };
}

/**
 * The address at which a viewer on this machine reaches it. Firefox pairs no candidate on loopback with its own, which are not:
 * for Firefox it is the address of a network card, IPv4 rather than IPv6. Without a network Firefox finds no way.
 */
export function ownAddressFor(avoidsLoopback: boolean, interfaces = networkInterfaces()): string {
  const cards = avoidsLoopback ? cardsOf(interfaces).filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address)) : [];
  return (cards.find(({ family }) => family === 'IPv4') ?? cards[0])?.address ?? LOOPBACK;
}

/** Binds werift's sockets to an address. */
export function boundTo(address: string): { udp4?: string; udp6?: string } {
  return isIPv6(address) ? { udp6: address } : { udp4: address };
}

/**
 * Makes the sockets of a connection deaf to all other machines: one of a network card can be reached from there.
 * Nobody else can send under this machine's addresses, as systems drop what comes from outside under an address of their own.
 */
export function hearOwnMachineOnly(connection: RTCPeerConnection, interfaces = networkInterfaces()): void {
  const own = new Set(cardsOf(interfaces).map(({ address }) => address));
  for (const { iceTransport } of connection.dtlsTransports) {
    const carriers = Reflect.get(iceTransport.connection, 'protocols') as readonly Carrier[];
    for (const { transport } of carriers.filter(({ type }) => type === 'stun')) {
      const hear = transport.onData;
      transport.onData = (data, from) => {
        if (own.has(from[0])) {
          hear(data, from);
        }
      };
    }
  }
}

function cardsOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap((addresses) => addresses ?? []);
}
