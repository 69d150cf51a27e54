import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitSentences } from '../../src/audio/sentence-splitter.ts';

for (const [text, expected] of [
  ['Hello. How are you? Fine!', ['Hello.', 'How are you?', 'Fine!']],
  ['No end here', ['No end here']],
  ['नमस्ते। आप कैसे हैं? ठीक हूँ।', ['नमस्ते।', 'आप कैसे हैं?', 'ठीक हूँ।']],
  ['کیا حال ہے؟ ٹھیک ہوں۔ شکریہ۔', ['کیا حال ہے؟', 'ٹھیک ہوں۔', 'شکریہ۔']],
  ['Dr. Smith met Mr. J. R. Jones at 3.14 p.m. today. They spoke, e.g. of pi.', ['Dr. Smith met Mr. J. R. Jones at 3.14 p.m. today.', 'They spoke, e.g. of pi.']],
  ['So did I. Then he left.', ['So did I.', 'Then he left.']],
  ['He said "Stop!" and "Go." Then (really?) nothing...', ['He said "Stop!"', 'and "Go."', 'Then (really?)', 'nothing...']],
  ['See www.example.com or v1.2.3 now.', ['See www.example.com or v1.2.3 now.']],
  ['你好，我是數字人。很高興見到你！今天好嗎？', ['你好，我是數字人。', '很高興見到你！', '今天好嗎？']],
  ['他說：「走吧。」然後走了。', ['他說：「走吧。」', '然後走了。']],
  ['One line\nand another\n\nand a third.', ['One line', 'and another', 'and a third.']],
  ['', []],
  ['... !!! 。。', []],
  ['Wait... what?!', ['Wait...', 'what?!']],
] as const) {
  test(`sentences of ${JSON.stringify(text)}`, () => {
    assert.deepEqual(splitSentences(text), expected);
  });
}

test('a long sentence is cut at commas, and loses nothing', () => {
  const text = 'When the sun went down behind the old mill, the children who had played by the river all afternoon, without a thought for the time, ran home over the wet fields, past 1,000 sleeping cows.';
  const pieces = splitSentences(text);
  assert.ok(pieces.length > 1);
  assert.ok(pieces.slice(0, -1).every((piece) => piece.endsWith(',') && piece.length <= 120), JSON.stringify(pieces));
  assert.equal(pieces.join(' '), text);
});

test('a long text without a pause is cut at spaces, without spaces between characters', () => {
  const words = new Array<string>(60).fill('word').join(' ');
  assert.ok(splitSentences(words).every((piece) => piece.length <= 120));
  assert.equal(splitSentences(words).join(' '), words);
  const han = '山'.repeat(100);
  assert.ok(splitSentences(han).every((piece) => piece.length <= 30));
  assert.equal(splitSentences(han).join(''), han);
  const beyond = '𠀀'.repeat(100);
  assert.equal(splitSentences(beyond).join(''), beyond);
  assert.ok(splitSentences(beyond).every((piece) => piece.isWellFormed()));
});

test('a hostile text of many thousand characters is split at once', () => {
  for (const text of ['a.'.repeat(20_000), '. '.repeat(20_000), 'A. '.repeat(10_000), '"'.repeat(40_000), '，'.repeat(40_000)]) {
    assert.ok(splitSentences(text).join('').length <= text.length);
  }
});

test('a long Arabic sentence is cut at its comma', () => {
  const half = 'كلمة '.repeat(16).trim();
  assert.deepEqual(splitSentences(`${half}، ${half}`), [`${half}،`, half]);
});

test('a very long text is cut in one go: looking through all that is left for each piece would take minutes', { timeout: 30_000 }, () => {
  const pieces = splitSentences('中'.repeat(1_000_000));
  assert.equal(pieces.length, Math.ceil(1_000_000 / 30));
  assert.ok(pieces.every((piece, index) => piece.length === (index < pieces.length - 1 ? 30 : 10)));
});
