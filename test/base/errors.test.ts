import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError, ERROR_CATALOGUE } from '../../src/base/errors.ts';

test('an error carries its code, its status and its cause', () => {
  const cause = new Error('below');
  const error = new AvatarError('no_face', 'No face was found.', { cause });
  assert.equal(error.code, 'no_face');
  assert.equal(error.status, 422);
  assert.equal(error.cause, cause);
  assert.equal(error.name, 'AvatarError');
});

test('every entry of the catalogue says in full sentences what happened and what to do', () => {
  for (const [code, { status, meaning }] of Object.entries(ERROR_CATALOGUE)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
    assert.match(meaning, /^[A-Z].*\.$/, code);
  }
});
