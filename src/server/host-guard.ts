import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Config } from './config.ts';

const LOOPBACK_NAMES: readonly string[] = Object.freeze(['localhost', '127.0.0.1', '[::1]']);

const LOOPBACK_ADDRESSES = new BlockList();
LOOPBACK_ADDRESSES.addSubnet('127.0.0.0', 8);
LOOPBACK_ADDRESSES.addAddress('::1', 'ipv6');

/** True for the addresses that only this machine can reach, however they are written. */
export function isLoopback(host: string): boolean {
  return isIP(host) === 0 ? host.toLowerCase() === 'localhost' : LOOPBACK_ADDRESSES.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** Writes an address as it stands in a URL. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** The name in a Host header, as it is compared: without port, in lower case, an IPv6 address in its brackets. */
export function hostName(host: string): string {
  return urlHost(host.toLowerCase()).replace(/:\d+$/, '');
}

/**
 * Says whether a request may be answered: its Host must be one of ours (a page elsewhere could otherwise reach a
 * loopback server through a name that resolves to it), and its Origin, where there is one, the server's own or an allowed one.
 */
export function isAllowed(request: Pick<IncomingMessage, 'headers'>, { host, allowedHosts, allowedOrigins }: Config['server']): boolean {
  const asked = request.headers.host ?? '';
  const hosts = allowedHosts.length > 0 ? allowedHosts : isLoopback(host) ? [...LOOPBACK_NAMES, hostName(host)] : undefined;
  if (hosts !== undefined && !hosts.includes(hostName(asked))) {
    return false;
  }
  const origin = request.headers.origin;
  return origin === undefined || allowedOrigins.includes(origin) || origin.replace(/^https?:\/\//, '') === asked;
}
