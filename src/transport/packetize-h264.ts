const FU_A = 28;
const STAP_A = 24;
const PARAMETER_SETS: ReadonlySet<number> = new Set([7, 8]);

/** Enhancement information and delimiters, which no browser needs. */
const LEFT_OUT: ReadonlySet<number> = new Set([6, 9]);

/**
 * Cuts one H.264 access unit (Annex B) into RTP payloads (RFC 6184, packetization-mode 1) of at most `mostBytes`:
 * parameter sets together in one STAP-A, small units alone, large ones as FU-A fragments.
 */
export function packetizeH264(accessUnit: Uint8Array, mostBytes: number): Buffer[] {
  const units = splitAnnexB(accessUnit).filter((unit) => unit.length > 0 && !LEFT_OUT.has(unit[0]! & 0x1f));
  const parameterSets = units.filter((unit) => PARAMETER_SETS.has(unit[0]! & 0x1f));
  const aggregated = parameterSets.length > 1 ? aggregate(parameterSets) : undefined;
  if (aggregated === undefined || aggregated.length > mostBytes) {
    return units.flatMap((unit) => fragment(unit, mostBytes));
  }
  const others = units.filter((unit) => !PARAMETER_SETS.has(unit[0]! & 0x1f));
  return [aggregated, ...others.flatMap((unit) => fragment(unit, mostBytes))];
}

/** Splits at start codes (00 00 01, with any number of zeros before). */
export function splitAnnexB(stream: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  const units: Uint8Array[] = [];
  let start = -1;
  for (let code = bytes.indexOf(START_CODE); code !== -1; code = bytes.indexOf(START_CODE, code + 3)) {
    if (start !== -1) {
      units.push(withoutTrailingZeros(bytes, start, code));
    }
    start = code + 3;
  }
  if (start !== -1) {
    units.push(withoutTrailingZeros(bytes, start, bytes.length));
  }
  return units;
}

const START_CODE = Buffer.from([0, 0, 1]);

function withoutTrailingZeros(bytes: Buffer, start: number, end: number): Uint8Array {
  let last = end;
  while (last > start && bytes[last - 1] === 0) {
    last -= 1;
  }
  return bytes.subarray(start, last);
}

function aggregate(units: readonly Uint8Array[]): Buffer {
  const importance = units.reduce((highest, unit) => Math.max(highest, unit[0]! & 0x60), 0);
  return Buffer.concat([Buffer.from([importance | STAP_A]), ...units.flatMap((unit) => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(unit.length);
    return [size, unit];
  })]);
}

function fragment(unit: Uint8Array, mostBytes: number): Buffer[] {
  if (unit.length <= mostBytes) {
    return [Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength)];
  }
  const header = unit[0]!;
  const payloads: Buffer[] = [];
  for (let start = 1; start < unit.length; start += mostBytes - 2) {
    const chunk = unit.subarray(start, start + mostBytes - 2);
    const payload = Buffer.allocUnsafe(2 + chunk.length);
    payload[0] = (header & 0xe0) | FU_A;
    payload[1] = (start === 1 ? 0x80 : 0) | (start + chunk.length === unit.length ? 0x40 : 0) | (header & 0x1f);
    payload.set(chunk, 2);
    payloads.push(payload);
  }
  return payloads;
}
