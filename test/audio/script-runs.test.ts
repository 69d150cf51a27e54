import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksCantonese, scriptRuns } from '../../src/audio/script-runs.ts';

const runs = (text: string, language: string, cantonese = false): string[] =>
  scriptRuns(text, { language, cantonese }).map(({ text: run, language: chosen }) => `${chosen ?? 'own'}: ${run}`);

test('an English voice leaves Chinese characters to a Chinese one', () => {
  assert.deepEqual(runs('Hello there.', 'en-us'), ['own: Hello there.']);
  assert.deepEqual(runs('你好，世界！', 'en-us'), ['cmn: 你好，世界！']);
  assert.deepEqual(runs('Say 你好 to Li Ming, 2024年3月 is fine.', 'en-gb'), ['own: Say', 'cmn: 你好', 'own: to Li Ming, 2024', 'cmn: 年3月', 'own: is fine.']);
  assert.deepEqual(runs('你好', 'de', true), ['yue: 你好']);
});

test('a voice that reads them keeps everything', () => {
  for (const language of ['cmn', 'yue', 'cmn-latn-pinyin', 'ja', 'hak']) {
    assert.deepEqual(runs('Hello 你好', language), ['own: Hello 你好']);
  }
});

test('written Cantonese is told from Mandarin', () => {
  assert.ok(looksCantonese('我哋一齊去公園玩啦'));
  assert.ok(!looksCantonese('我们一起去公园玩吧，关系很好'));
  assert.ok(looksCantonese('我係學生'));
  assert.ok(!looksCantonese('我們一起去公園玩吧，沒關係'));
});
