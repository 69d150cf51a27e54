import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { failedCall } from '../../src/base/failed-call.ts';

test('a failure keeps its message, and an AvatarError its code', () => {
  assert.deepEqual(failedCall(7, new TypeError('odd')), { kind: 'failed', call: 7, message: 'odd' });
  assert.deepEqual(failedCall(8, 'plain'), { kind: 'failed', call: 8, message: 'plain' });
  assert.deepEqual(failedCall(9, new AvatarError('model_missing', 'gone')), { kind: 'failed', call: 9, message: 'gone', code: 'model_missing' });
});
