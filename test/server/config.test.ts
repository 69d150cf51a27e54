import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AvatarError } from '../../src/base/errors.ts';
import { MOST_RENDER_THREADS } from '../../src/packs/built-in-pack.ts';
import { CONFIG_KEYS, configSchema, environmentName, parseConfig, readConfig } from '../../src/server/config.ts';

const shipped = fileURLToPath(new URL('../../config/orator.yaml', import.meta.url));
const wrongSetting = (pattern: RegExp) => (error: unknown): boolean => error instanceof AvatarError && error.code === 'invalid_config' && pattern.test(error.message);

test('the shipped settings are the defaults', async () => {
  assert.deepEqual(await readConfig(shipped, {}), configSchema.parse({}));
});

test('without settings the server listens on loopback only', () => {
  assert.equal(parseConfig({}).server.host, '127.0.0.1');
});

test('the environment overrides the file, in the type of the setting', () => {
  const config = parseConfig({ server: { port: 1234 }, video: { codecs: ['h264'] } }, {
    ORATOR_SERVER_PORT: '4321', ORATOR_VIDEO_CODECS: 'vp8, h264', ORATOR_WEBRTC_ALL_INTERFACES: 'true',
    ORATOR_WEBRTC_ICE_SERVERS: '[{ urls: "stun:stun.example.com" }]', ORATOR_SPEECH_VOICE: '1234',
  });
  assert.equal(config.server.port, 4321);
  assert.deepEqual(config.video.codecs, ['vp8', 'h264']);
  assert.equal(config.webrtc.allInterfaces, true);
  assert.deepEqual(config.webrtc.iceServers, [{ urls: 'stun:stun.example.com' }]);
  assert.equal(config.speech.voice, '1234');
});

test('a wrong value, an unknown setting and a broken pair are each named', () => {
  assert.throws(() => parseConfig({ server: { port: 70_000 } }), wrongSetting(/server\.port.*ORATOR_SERVER_PORT/));
  assert.throws(() => parseConfig({ server: { prot: 1 } }), wrongSetting(/prot/));
  assert.throws(() => parseConfig({}, { ORATOR_SESSIONS_MAX: 'many' }), wrongSetting(/sessions\.max/));
  assert.throws(() => parseConfig({ video: { minKbps: 2000 } }), wrongSetting(/minKbps/));
  assert.throws(() => parseConfig({ webrtc: { portMin: 2, portMax: 1 } }), wrongSetting(/portMin/));
  for (const [portMin, portMax] of [[50_000, 50_000], [0, 60_000], [60_000, 0]] as const) {
    assert.throws(() => parseConfig({ webrtc: { portMin, portMax } }), wrongSetting(/portMin/), `${portMin} to ${portMax}`);
  }
  assert.equal(parseConfig({ webrtc: { portMin: 50_000, portMax: 50_001 } }).webrtc.portMax, 50_001);
  assert.throws(() => parseConfig({ server: { allowedOrigins: ['https://example.com/page'] } }), wrongSetting(/allowedOrigins.*an origin like/));
});

test('an environment variable without a value counts as unset, one that is no YAML is named', () => {
  assert.deepEqual(parseConfig({ server: { port: 1234, allowedHosts: ['a'] } }, { ORATOR_SERVER_PORT: '', ORATOR_SERVER_HOST: '', ORATOR_SERVER_ALLOWED_HOSTS: '' }), parseConfig({ server: { port: 1234, allowedHosts: ['a'] } }));
  assert.throws(() => parseConfig({}, { ORATOR_SERVER_PORT: '[1' }), wrongSetting(/ORATOR_SERVER_PORT is no valid YAML/));
  assert.throws(() => parseConfig({}, { ORATOR_WEBRTC_ICE_SERVERS: '[{ urls: ' }), wrongSetting(/ORATOR_WEBRTC_ICE_SERVERS is no valid YAML/));
});

test('a settings file that is missing or no YAML is named', async () => {
  await assert.rejects(readConfig('/nowhere/orator.yaml', {}), wrongSetting(/nowhere/));
  await assert.rejects(readConfig(fileURLToPath(import.meta.url), {}), wrongSetting(/YAML|top level|setting/));
});

test('settings are frozen, lists and what is in them too', () => {
  const config = parseConfig({ webrtc: { iceServers: [{ urls: 'stun:stun.example.com' }] } });
  for (const part of [config, config.server, config.video.codecs, config.webrtc.iceServers, config.webrtc.iceServers[0]]) {
    assert.ok(Object.isFrozen(part));
  }
});

test('a section in which every setting is commented out says nothing', () => {
  assert.deepEqual(parseConfig({ server: null, render: null }), parseConfig({}));
  assert.equal(parseConfig({ server: null }, { ORATOR_SERVER_PORT: '4321' }).server.port, 4321);
});

test('a wrong part of a setting is named with the variable of the setting, what is no setting with none', () => {
  assert.throws(() => parseConfig({ webrtc: { iceServers: [{ urls: 'http://x' }] } }), wrongSetting(/webrtc\.iceServers\.0\.urls is wrong.* in ORATOR_WEBRTC_ICE_SERVERS\.$/));
  for (const settings of [['server'], 'server', { sevrer: {} }, { server: 8080 }]) {
    assert.throws(() => parseConfig(settings), wrongSetting(/in the settings file\.$/), JSON.stringify(settings));
  }
});

test('more drawing threads than the built-in face takes are refused by name', () => {
  assert.throws(() => parseConfig({ render: { threads: MOST_RENDER_THREADS + 1 } }), wrongSetting(/render\.threads/));
});

test('every setting has one environment name', () => {
  assert.equal(environmentName('server.allowedHosts'), 'ORATOR_SERVER_ALLOWED_HOSTS');
  assert.equal(new Set(CONFIG_KEYS.map((key) => environmentName(key))).size, CONFIG_KEYS.length);
});
