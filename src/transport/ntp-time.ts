/** Seconds from 1900 (NTP) to 1970 (Unix). */
const UNIX_EPOCH_S = 2_208_988_800;

/** Returns a wall-clock time, in milliseconds since 1970, as a 64-bit NTP timestamp (32.32 fixed point). */
export function ntpTimestamp(unixMs: number): bigint {
  const seconds = Math.floor(unixMs / 1000);
  const fraction = Math.floor(((unixMs - seconds * 1000) / 1000) * 0x1_0000_0000);
  return (BigInt(seconds + UNIX_EPOCH_S) << 32n) | BigInt(fraction);
}

/** Returns the middle 32 bits of an NTP timestamp (16.16 fixed point), as RTCP reports carry it. */
export function compactNtp(unixMs: number): number {
  return Number((ntpTimestamp(unixMs) >> 16n) & 0xffff_ffffn);
}

/** Returns a wall-clock time as the abs-send-time header extension: 24 bits, 6.18 fixed-point seconds. */
export function absoluteSendTime(unixMs: number): number {
  return Math.floor(((unixMs % 64_000) / 1000) * 0x4_0000) & 0xff_ffff;
}
