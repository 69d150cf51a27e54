import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../src/base/logger.ts';
import { noStats } from '../src/base/stats.ts';
import { parseConfig } from '../src/server/config.ts';
import { Studio } from '../src/studio.ts';

function open(settings: Parameters<typeof parseConfig>[0]): Promise<Studio> {
  const { speech, video, avatars, webrtc, face, sadtalker, sessions } = parseConfig(settings);
  const options = { speech, video, avatars, face, sadtalker, renderThreads: 1, webrtc: { ...webrtc, loopbackOnly: true, silenceTimeoutMs: sessions.silenceS * 1000 } };
  return Studio.open(options, { logger: silentLogger, stats: noStats });
}

test('a default avatar or voice that does not exist is a wrong setting, told when the studio opens', async () => {
  await assert.rejects(open({ avatars: { default: 'nobody' } }), { code: 'invalid_config', message: /avatars\.default.*nobody/ });
  await assert.rejects(open({ speech: { voice: 'klingon' } }), { code: 'invalid_config', message: /speech\.voice.*klingon/ });
});

test('a folder for avatars that is none is a wrong setting', async () => {
  await assert.rejects(open({ avatars: { folder: fileURLToPath(import.meta.url) } }), { code: 'invalid_config', message: /avatars\.folder.*studio\.test\.ts/ });
});

test('the default voice is listed first, also one that is not offered otherwise', async () => {
  await using studio = await open({ speech: { voice: 'de' } });
  const [first, ...others] = studio.voices();
  assert.deepEqual(first, { id: 'de', name: 'German', language: 'de' });
  assert.ok(others.some(({ id }) => id === 'en+f3'));
});
