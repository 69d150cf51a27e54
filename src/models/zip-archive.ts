import { ByteReader } from './byte-reader.ts';
import type { RangedFile } from './ranged-file.ts';

/** A file inside a zip archive, stored without compression. */
export interface ZipEntry {
  /** Offset of its local header in the archive. */
  readonly headerOffset: number;
  readonly byteLength: number;
  readonly compressed: boolean;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END_64_LOCATOR_SIGNATURE = 0x07064b50;
const END_64_LOCATOR_BYTES = 20;
const END_64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
const MAX_COMMENT_BYTES = 0xffff;
const IN_ZIP_64 = 0xffffffff;
const ZIP_64_EXTRA = 1;

/** Returns true where the file starts like a zip archive. */
export function isZip(file: RangedFile): boolean {
  return file.byteLength >= 4 && file.read(0, 4).readUInt32LE() === LOCAL_SIGNATURE;
}

/**
 * Returns the entries of a zip archive by name, from its central directory (zip64 too).
 * @throws RangeError when the directory is missing or broken: the archive is truncated.
 */
export function zipEntries(file: RangedFile): Map<string, ZipEntry> {
  const { offset, byteLength } = directoryRange(file);
  const reader = new ByteReader(file.read(offset, byteLength));
  const entries = new Map<string, ZipEntry>();
  while (reader.position < byteLength) {
    const header = reader.take(ENTRY_BYTES);
    if (header.readUInt32LE() !== ENTRY_SIGNATURE) {
      throw new RangeError('The directory of the zip archive is broken.');
    }
    const name = reader.take(header.readUInt16LE(28)).toString('utf8');
    const extra = reader.take(header.readUInt16LE(30));
    reader.take(header.readUInt16LE(32));
    entries.set(name, entry(header, extra));
  }
  return entries;
}

/** Returns where an entry's bytes start in the archive. */
export function zipDataOffset(file: RangedFile, { headerOffset }: ZipEntry): number {
  const header = file.read(headerOffset, LOCAL_HEADER_BYTES);
  if (header.readUInt32LE() !== LOCAL_SIGNATURE) {
    throw new RangeError('An entry of the zip archive is not where the directory says.');
  }
  return headerOffset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function directoryRange(file: RangedFile): { offset: number; byteLength: number } {
  const tailBytes = Math.min(file.byteLength, END_BYTES + MAX_COMMENT_BYTES + END_64_LOCATOR_BYTES);
  const tailOffset = file.byteLength - tailBytes;
  const tail = file.read(tailOffset, tailBytes);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END_SIGNATURE) {
      const locatorAt = at - END_64_LOCATOR_BYTES;
      if (locatorAt >= 0 && tail.readUInt32LE(locatorAt) === END_64_LOCATOR_SIGNATURE) {
        return directoryRange64(file, new ByteReader(tail, locatorAt + 8).uint64());
      }
      return { byteLength: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
    }
  }
  throw new RangeError('The zip archive has no directory.');
}

function directoryRange64(file: RangedFile, offset: number): { offset: number; byteLength: number } {
  const reader = new ByteReader(file.read(offset, END_64_BYTES), 40);
  const byteLength = reader.uint64();
  return { byteLength, offset: reader.uint64() };
}

function entry(header: Buffer, extra: Buffer): ZipEntry {
  let byteLength = header.readUInt32LE(24);
  let headerOffset = header.readUInt32LE(42);
  const wide = zip64Field(extra);
  // The 64-bit field holds only those of size, compressed size and offset that did not fit, in this order.
  byteLength = byteLength === IN_ZIP_64 ? required(wide).uint64() : byteLength;
  if (header.readUInt32LE(20) === IN_ZIP_64) {
    required(wide).uint64();
  }
  headerOffset = headerOffset === IN_ZIP_64 ? required(wide).uint64() : headerOffset;
  return { byteLength, headerOffset, compressed: header.readUInt16LE(10) !== 0 };
}

function required(field: ByteReader | undefined): ByteReader {
  if (field === undefined) {
    throw new RangeError('An entry of the zip archive lacks its 64-bit sizes.');
  }
  return field;
}

function zip64Field(extra: Buffer): ByteReader | undefined {
  const reader = new ByteReader(extra);
  while (reader.position + 4 <= extra.length) {
    const kind = reader.uint16();
    const length = reader.uint16();
    if (kind === ZIP_64_EXTRA) {
      return new ByteReader(reader.take(length));
    }
    reader.take(length);
  }
  return undefined;
}
