import { readFileSync } from 'node:fs';

/** Reads a fixture of Opus packets. */
export function readOpusPackets(name: string): Uint8Array[] {
  const bytes = readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16LE(at);
    packets.push(new Uint8Array(bytes.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return packets;
}
