import assert from 'node:assert/strict';
import { it } from 'node:test';
import { resizeBilinear } from '../../../src/avatars/sadtalker/bilinear-resize.ts';

const image = { width: 4, height: 3, data: Uint8Array.from({ length: 36 }, (_, i) => (i * 37 + 11) % 256) };

/** From OpenCV 5.0: `cv2.resize` of the picture above. */
const ENLARGED = [11, 48, 85, 66, 103, 140, 140, 135, 172, 214, 38, 75, 160, 69, 106, 88, 125, 162, 86, 123, 58, 90, 127, 113, 113, 125, 162, 187, 96, 133, 133, 93, 130, 61, 98, 135, 199, 236, 17, 127, 164, 73, 72, 109, 146, 147, 184, 221, 93, 130, 167, 20, 57, 94, 158, 195, 130, 162, 123, 108, 159, 69, 106, 131, 143, 180, 128, 165, 126, 133, 170, 53, 131, 168, 205, 186, 95, 132, 218, 41, 78, 121, 115, 152, 152, 189, 98, 208, 245, 26];
const SHRUNK = [81, 118, 123, 143, 84, 121, 171, 112, 117, 137, 174, 115];

it('gives what OpenCV gives, to the last bit but one', () => {
  for (const [width, height, expected] of [[6, 5, ENLARGED], [2, 2, SHRUNK]] as const) {
    const { data } = resizeBilinear(image, width, height);
    assert.equal(data.length, expected.length);
    for (const [i, value] of expected.entries()) {
      assert.ok(Math.abs(data[i]! - value) <= 1, `${width} × ${height}, value ${i}: ${data[i]!} for ${value}`);
    }
  }
});

it('leaves a picture of the same size alone', () => {
  assert.deepEqual(resizeBilinear(image, 4, 3).data, image.data);
});
