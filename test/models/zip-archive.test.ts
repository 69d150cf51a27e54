import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { RangedFile } from '../../src/models/ranged-file.ts';
import { isZip, zipDataOffset, zipEntries } from '../../src/models/zip-archive.ts';

const IN_ZIP_64 = 0xffffffff;

/** Bytes of little-endian numbers: of 2, 4 or 8 bytes each. */
function numbers(...values: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(values.map(([bytes, value]) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(BigInt(value));
    return buffer.subarray(0, bytes);
  }));
}

/** An archive of one file, all of whose sizes and offsets are in the 64-bit fields, as in archives of over 4 GB. */
function archive64(name: string, content: string, { lead = 0 } = {}): Buffer {
  const local = Buffer.concat([
    Buffer.alloc(lead), numbers([4, 0x04034b50], [2, 45], [2, 0], [2, 0], [4, 0], [4, 0], [4, IN_ZIP_64], [4, IN_ZIP_64], [2, name.length], [2, 20]),
    Buffer.from(name), numbers([2, 1], [2, 16], [8, content.length], [8, content.length]), Buffer.from(content),
  ]);
  const entry = Buffer.concat([
    numbers([4, 0x02014b50], [2, 45], [2, 45], [2, 0], [2, 0], [4, 0], [4, 0], [4, IN_ZIP_64], [4, IN_ZIP_64], [2, name.length], [2, 4 + 28], [2, 0], [2, 0], [2, 0], [4, 0], [4, IN_ZIP_64]),
    Buffer.from(name),
    // Another field comes before the one with the sizes: uncompressed, compressed, offset.
    numbers([2, 0x5455], [2, 0], [2, 1], [2, 24], [8, content.length], [8, content.length], [8, lead]),
  ]);
  const end64 = numbers([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, 1], [8, 1], [8, entry.length], [8, local.length]);
  const locator = numbers([4, 0x07064b50], [4, 0], [8, local.length + entry.length], [4, 1]);
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, 1], [2, 1], [4, IN_ZIP_64], [4, IN_ZIP_64], [2, 0]);
  return Buffer.concat([local, entry, end64, locator, end]);
}

describe('a zip archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orator-zip-'));
  after(() => { rmSync(folder, { recursive: true }); });
  const opened = (bytes: Buffer): RangedFile => {
    const path = join(folder, 'archive.zip');
    writeFileSync(path, bytes);
    return new RangedFile(path);
  };

  it('with 64-bit sizes and offsets is read by those', () => {
    using file = opened(archive64('a/data.pkl', 'hello', { lead: 100 }));
    const entry = zipEntries(file).get('a/data.pkl');
    assert.deepEqual(entry, { byteLength: 5, headerOffset: 100, compressed: false });
    assert.equal(file.read(zipDataOffset(file, entry), 5).toString(), 'hello');
    using plain = opened(archive64('a', 'b'));
    assert.ok(isZip(plain));
  });

  it('that is broken anywhere is a RangeError, or an error that says it is truncated', () => {
    const whole = archive64('a/data.pkl', 'hello');
    for (let length = 0; length < whole.length; length++) {
      using file = opened(whole.subarray(0, length));
      assert.throws(() => zipEntries(file), length > 0 ? /.+/ : RangeError, `cut at ${length}`);
    }
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 0xff;
      using file = opened(bytes);
      try {
        for (const entry of zipEntries(file).values()) {
          file.read(zipDataOffset(file, entry), entry.byteLength);
        }
      } catch (error) {
        assert.ok(error instanceof RangeError || (error as { code?: string }).code === 'invalid_checkpoint', `byte ${at}: ${String(error)}`);
      }
    }
  });
});
