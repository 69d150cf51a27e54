import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AvatarError } from '../../src/base/errors.ts';
import { checked, sessionRequestSchema } from '../../src/server/api-schemas.ts';

test('what is wrong is named with its field', () => {
  assert.throws(() => checked(sessionRequestSchema, { expressionScale: 4 }), (error) => error instanceof AvatarError && error.code === 'invalid_request' && error.message.includes('expressionScale'));
});

test('of many wrong fields the first ones are named', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]));
  assert.throws(() => checked(sessionRequestSchema, many), (error) => error instanceof AvatarError && error.message.includes('field0') && error.message.length < 400);
});
