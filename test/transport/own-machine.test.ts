import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { test } from 'node:test';
import type { RTCPeerConnection } from 'werift';
import { boundTo, hearOwnMachineOnly, ownAddressFor } from '../../src/transport/own-machine.ts';

const card = (address: string, internal = false): NetworkInterfaceInfo => (address.includes(':')
  ? { address, internal, family: 'IPv6', netmask: 'ffff::', mac: '00:00:00:00:00:00', cidr: null, scopeid: 0 }
  : { address, internal, family: 'IPv4', netmask: '255.0.0.0', mac: '00:00:00:00:00:00', cidr: null });

const loopback = [card('127.0.0.1', true), card('::1', true)];

test('a viewer on this machine is met on loopback, and Firefox on a network card', () => {
  const interfaces = { lo: loopback, usb: [card('169.254.7.7')], eth: [card('fe80::7'), card('fd00::7'), card('192.0.2.7')] };
  assert.equal(ownAddressFor(false, interfaces), '127.0.0.1');
  assert.equal(ownAddressFor(true, interfaces), '192.0.2.7');
  assert.equal(ownAddressFor(true, { lo: loopback, eth: [card('fe80::7'), card('fd00::7')] }), 'fd00::7');
  assert.equal(ownAddressFor(true, { lo: loopback, usb: [card('169.254.7.7'), card('FE80::7')] }), '127.0.0.1', 'without a network there is nothing else');
});

test('sockets are bound to the address, by its family', () => {
  assert.deepEqual(boundTo('192.0.2.7'), { udp4: '192.0.2.7' });
  assert.deepEqual(boundTo('fd00::7'), { udp6: 'fd00::7' });
});

test('what comes from another machine is not heard, and a relay is left alone', () => {
  const heard: string[] = [];
  const carrier = (type: string): { type: string; transport: { onData: (data: Buffer, from: readonly [string, number]) => void } } => ({
    type, transport: { onData: (_data, [address]) => { heard.push(`${type} ${address}`); } },
  });
  const protocols = [carrier('stun'), carrier('turn')];
  const connection = { dtlsTransports: [{ iceTransport: { connection: { protocols } } }] } as unknown as RTCPeerConnection;
  hearOwnMachineOnly(connection, { lo: loopback, eth: [card('192.0.2.7')] });
  for (const { transport } of protocols) {
    for (const address of ['192.0.2.7', '127.0.0.1', '192.0.2.8']) {
      transport.onData(Buffer.of(1), [address, 5000]);
    }
  }
  assert.deepEqual(heard, ['stun 192.0.2.7', 'stun 127.0.0.1', 'turn 192.0.2.7', 'turn 127.0.0.1', 'turn 192.0.2.8']);
});
