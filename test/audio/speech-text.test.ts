import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableText } from '../../src/audio/speech-text.ts';

for (const [text, expected] of [
  ['Hello   world\t!', 'Hello world !'],
  ['a\u0000b\u0007c\u200Bd\uFEFF', 'abcd'],
  ['line\r\none\u2028two\n\n\nthree', 'line\none\ntwo\nthree'],
  ['Hi 😀👍🏽 there 🇫🇷', 'Hi there'],
  ['# Title\n- one\n* **two** and `three`', 'Title\none\ntwo and three'],
  ['2 * 3 < 7 & 8 > 5', '2 * 3 < 7 & 8 > 5'],
  ['half \uD800 a pair', 'half a pair'],
  ['e\u0301', 'é'],
  ['你好，世界！', '你好，世界！'],
  ['می\u200Cخواهم کتاب\u200Cها', 'می\u200Cخواهم کتاب\u200Cها'],
  ['ශ්\u200Dරී അവന്\u200D র\u200D্যাব', 'ශ්\u200Dරී അവന്\u200D র\u200D্যাব'],
  ['hel\u200Dlo a\u200Cb 👩\u200D👧 می\u200C\u200C\u200D', 'hello ab می\u200C'],
  ['', ''],
] as const) {
  test(`${JSON.stringify(text)} is read as ${JSON.stringify(expected)}`, () => {
    assert.equal(readableText(text), expected);
  });
}
