import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EspeakTextToSpeech } from '../../src/audio/espeak-text-to-speech.ts';
import type { SpeakRequest } from '../../src/audio/text-to-speech.ts';
import { noStats } from '../../src/base/stats.ts';

const STAND_IN = new URL('./crashing-speech-engine.ts', import.meta.url).href;

async function spoken(engine: EspeakTextToSpeech, request: SpeakRequest): Promise<{ seconds: number; rms: number; peak: number; blocks: number }> {
  let samples = 0;
  let energy = 0;
  let peak = 0;
  let blocks = 0;
  let rateHz = 1;
  for await (const block of engine.speak(request)) {
    rateHz = block.sampleRateHz;
    samples += block.samples.length;
    blocks += 1;
    for (const value of block.samples) {
      energy += value * value;
      peak = Math.max(peak, Math.abs(value));
    }
  }
  return { seconds: samples / rateHz, rms: Math.sqrt(energy / Math.max(1, samples)), peak, blocks };
}

describe('the real engine', () => {
  let engine: EspeakTextToSpeech;
  before(async () => { engine = await EspeakTextToSpeech.open(); });
  after(() => engine.close());

  for (const [voice, text, [shortest, longest]] of [
    ['en', 'Hello, I am a talking portrait. How can I help you today?', [3, 5.5]],
    ['en-gb', 'Good morning. The train to Leeds is late again.', [2.2, 4.5]],
    ['cmn', '你好，我是实时数字人，很高兴见到你。', [3, 6]],
    ['yue', '你好，我係即時數碼人，好高興見到你。', [2.5, 5.5]],
    ['en', '你好，我是实时数字人，很高兴见到你。', [3, 6]],
    ['cmn+f3', '你好 world', [0.6, 2.5]],
    ['de', 'Guten Tag, wie geht es Ihnen?', [1.2, 3.5]],
  ] as const) {
    test(`${voice} speaks ${JSON.stringify(text)}`, async () => {
      const { seconds, rms, peak, blocks } = await spoken(engine, { text, voice });
      assert.ok(seconds > shortest && seconds < longest, `${seconds} s`);
      assert.ok(rms > 0.03 && peak > 0.2 && peak < 1, `rms ${rms}, peak ${peak}`);
      assert.ok(blocks > 5, `${blocks} blocks`);
    });
  }

  test('markup is read, not obeyed', async () => {
    const tag = await spoken(engine, { text: 'one <break time="9s"/> two', voice: 'en' });
    assert.ok(tag.seconds > 1.5 && tag.seconds < 8, `${tag.seconds} s`);
    const plain = await spoken(engine, { text: 'one two', voice: 'en' });
    assert.ok(tag.seconds > plain.seconds + 0.5, 'the words inside the tag are spoken');
    const phonemes = await spoken(engine, { text: 'hello [[h@loU]] done', voice: 'en' });
    assert.ok(phonemes.seconds > 1.4, `${phonemes.seconds} s`);
  });

  test('a text with nothing to say gives no sound', async () => {
    for (const text of ['', '   ', '...', '\u0000\u200B', '😀']) {
      assert.equal((await spoken(engine, { text, voice: 'en' })).blocks, 0);
    }
  });

  test('two texts at once are both spoken whole', async () => {
    const text = 'One two three four. Five six seven eight.';
    const alone = await spoken(engine, { text, voice: 'en' });
    const both = await Promise.all([spoken(engine, { text, voice: 'en' }), spoken(engine, { text, voice: 'cmn' })]);
    assert.ok(Math.abs(both[0].seconds - alone.seconds) < 0.2);
    assert.ok(both[1].seconds > 1);
  });

  test('voices are listed and checked', async () => {
    const voices = engine.voices('cmn');
    const ids = voices.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids[0], 'cmn');
    assert.deepEqual(engine.voices('de').map(({ id }) => id), ['de', ...engine.voices('en+f3').map(({ id }) => id)], 'one that is not offered otherwise is added');
    assert.deepEqual(['en+f3', 'de+m3', 'de'].map((id) => engine.voices(id)[0]!.name.split(', ')[1]), ['female', 'm3', undefined]);
    assert.throws(() => engine.voices('nonsense'), { code: 'unknown_voice' });
    for (const id of ['en', 'en-gb', 'cmn', 'yue']) {
      assert.ok(ids.includes(id));
    }
    for (const id of [...ids, 'fr', 'EN-US', 'en_GB', 'zh-HK', 'en+Annie']) {
      engine.checkVoice(id);
    }
    for (const id of ['', 'nonsense', 'en+nobody', '../en', 'en+f3+f3', '+f3']) {
      assert.throws(() => { engine.checkVoice(id); }, { code: 'unknown_voice' }, id);
    }
    await assert.rejects(spoken(engine, { text: 'hello', voice: 'nonsense' }), { code: 'unknown_voice' });
  });
});

test('a cancelled text ends at once, also in the middle of a sentence, and the next one is spoken', async () => {
  await using engine = await EspeakTextToSpeech.open({ engineModule: STAND_IN });
  const cancel = new AbortController();
  let blocks = 0;
  const speech = (async () => {
    for await (const { samples } of engine.speak({ text: 'this goes on forever', voice: 'en', signal: cancel.signal })) {
      blocks += Math.sign(samples.length);
      cancel.abort();
    }
  })();
  await assert.rejects(speech, { name: 'AbortError' });
  assert.equal(blocks, 1);
  assert.equal((await spoken(engine, { text: 'and on', voice: 'en' })).seconds, 6 / 16_000);
  await assert.rejects(spoken(engine, { text: 'never', voice: 'en', signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a reader that stops early leaves the engine free', async () => {
  await using engine = await EspeakTextToSpeech.open({ engineModule: STAND_IN });
  for await (const { samples } of engine.speak({ text: 'this goes on forever', voice: 'en' })) {
    assert.equal(samples.length, 160);
    break;
  }
  assert.equal((await spoken(engine, { text: 'and on', voice: 'en' })).seconds, 6 / 16_000);
});

test('a crash fails what is being spoken, and the engine starts again for the next text', async () => {
  let restarts = 0;
  await using engine = await EspeakTextToSpeech.open({ engineModule: STAND_IN, stats: { ...noStats, count: (event) => { restarts += Number(event === 'worker_restarts'); } } });
  await assert.rejects(spoken(engine, { text: 'Well. Now crash. And more.', voice: 'en' }), { code: 'speech_engine_failed' });
  assert.equal((await spoken(engine, { text: 'again', voice: 'en' })).seconds, 5 / 16_000);
  assert.equal(restarts, 1);
  await assert.rejects(spoken(engine, { text: 'now fail', voice: 'en' }), { code: 'speech_engine_failed' });
  assert.equal((await spoken(engine, { text: 'again', voice: 'en' })).seconds, 5 / 16_000);
  assert.equal(restarts, 1);
});

test('an engine that hangs is given up, fails all that waits, and starts again for the next text', async () => {
  await using engine = await EspeakTextToSpeech.open({ engineModule: STAND_IN, patienceMs: 1000 });
  const waiting = [spoken(engine, { text: 'now hang', voice: 'en' }), spoken(engine, { text: 'another viewer waits', voice: 'en' })];
  for (const speech of waiting) {
    await assert.rejects(speech, { code: 'speech_engine_failed' });
  }
  assert.equal((await spoken(engine, { text: 'again', voice: 'en' })).seconds, 5 / 16_000);
});

test('a missing package is told', async () => {
  await assert.rejects(EspeakTextToSpeech.open({ engineModule: 'no-such-speech-engine' }), { code: 'speech_engine_missing' });
});

test('a closed engine fails what is being spoken and takes no more', async () => {
  const engine = await EspeakTextToSpeech.open({ engineModule: STAND_IN });
  const speech = spoken(engine, { text: 'this goes on forever', voice: 'en' });
  const ended = assert.rejects(speech, { code: 'speech_engine_failed' });
  assert.equal(engine.close(), engine.close());
  await engine.close();
  await ended;
  await assert.rejects(spoken(engine, { text: 'hello', voice: 'en' }), { name: 'InvalidStateError' });
});
