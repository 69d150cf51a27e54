import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/server/config.ts';
import { hostName, isAllowed, isLoopback } from '../../src/server/host-guard.ts';

const allows = (server: object, headers: { host?: string; origin?: string }): boolean => isAllowed({ headers }, parseConfig({ server }).server);

test('a server on loopback answers to the loopback names and to its own address, whatever the port and the case', () => {
  for (const host of ['localhost:8080', 'LOCALHOST', '127.0.0.1:8080', '[::1]:8080', '[::1]']) {
    assert.ok(allows({}, { host }), host);
  }
  for (const host of ['evil.example', '127.0.0.2:8080', '']) {
    assert.ok(!allows({}, { host }), host);
  }
  assert.ok(allows({ host: '127.0.0.2' }, { host: '127.0.0.2:8080' }));
});

test('a server on all addresses answers to any name, or to those that are set', () => {
  assert.ok(allows({ host: '0.0.0.0' }, { host: 'orator.example:8080' }));
  const set = { host: '0.0.0.0', allowedHosts: ['orator.example:8443', 'Talk.Example', '2001:db8::7'] };
  for (const host of ['orator.example', 'orator.example:8443', 'talk.example', '[2001:db8::7]:8080']) {
    assert.ok(allows(set, { host }), host);
  }
  assert.ok(!allows(set, { host: 'localhost:8080' }));
});

test('a page may come from the server itself or from an origin that is set, with or without a slash behind it', () => {
  const host = 'localhost:8080';
  assert.ok(allows({}, { host, origin: 'http://localhost:8080' }));
  for (const origin of ['https://example.com', 'http://evil-localhost:8080', 'http://localhost:8081', 'ftp://localhost:8080', 'null', '']) {
    assert.ok(!allows({}, { host, origin }), origin);
  }
  for (const origin of ['https://example.com', 'https://example.com/', 'https://Example.com:443']) {
    assert.ok(allows({ allowedOrigins: [origin] }, { host, origin: 'https://example.com' }), origin);
    assert.ok(!allows({ allowedOrigins: [origin] }, { host, origin: 'https://example.com.evil.example' }), origin);
    assert.ok(!allows({ allowedOrigins: [origin] }, { host, origin: 'null' }), origin);
  }
});

test('host names are compared without port, in lower case', () => {
  assert.deepEqual(['a:1', 'A.b', '[::1]:80', '::1', '1.2.3.4:5'].map(hostName), ['a', 'a.b', '[::1]', '[::1]', '1.2.3.4']);
});

test('an address that only this machine reaches is known in whatever way it is written', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ['0.0.0.0', '::', '128.0.0.1', '::2', '127.example.com', 'localhost.example.com', '::ffff:10.0.0.1']) {
    assert.ok(!isLoopback(host), host);
  }
  assert.ok(!allows({ host: '0:0:0:0:0:0:0:1' }, { host: 'evil.example:8080' }));
});
