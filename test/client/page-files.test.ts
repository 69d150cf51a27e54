import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const client = new URL('../../client/', import.meta.url);
const read = async (path: string): Promise<string> => readFile(new URL(path, client), 'utf8');
const examples = (await readdir(new URL('examples/', client))).filter((file) => file.endsWith('.html'));
const pages = ['index.html', ...examples.map((file) => `examples/${file}`)];

for (const page of pages) {
  test(`${page} loads nothing from elsewhere and has nothing inline`, async () => {
    const html = await read(page);
    assert.doesNotMatch(html, /\b(src|href|action)="(https?:)?\/\//, 'an address of another server');
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/, 'an inline script');
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=/, 'an inline style or handler');
  });

  test(`${page} says its language, fits a phone and names every field and button`, async () => {
    const html = await read(page);
    assert.match(html, /<html lang="en">/);
    assert.match(html, /<meta name="viewport" content="width=device-width, initial-scale=1/);
    for (const [tag] of html.matchAll(/<(input|select|textarea)\b[^>]*>/g)) {
      const id = /\sid="([^"]+)"/.exec(tag)?.[1];
      const named = tag.includes('aria-label=') || html.includes(`for="${id}"`) || new RegExp(`<label>[^\\n]*${tag.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(html);
      assert.ok(named, `${tag} has no label`);
    }
  });

  test(`${page} has every element that its script asks for`, async () => {
    const html = await read(page);
    const scripts = page === 'index.html' ? (await readdir(client)).filter((file) => file.endsWith('.ts')) : [page.replace('.html', '.ts')];
    for (const script of scripts) {
      for (const [, id] of (await read(script)).matchAll(/\belement\('([^']+)'/g)) {
        assert.ok(html.includes(`id="${id}"`), `${script} asks for ${id}`);
      }
    }
  });
}

test('the style sheets load nothing from elsewhere', async () => {
  for (const sheet of ['styles.css', 'examples/example.css']) {
    assert.doesNotMatch(await read(sheet), /@import|url\(/, sheet);
  }
});

test('the page links to every example, and every example is about 40 lines', async () => {
  const html = await read('index.html');
  assert.ok(examples.length >= 3);
  for (const example of examples) {
    assert.ok(html.includes(`href="examples/${example}"`), `${example} is not linked`);
    const lines = (await read(`examples/${example.replace('.html', '.ts')}`)).split('\n').length;
    assert.ok(lines <= 60, `${example} has a script of ${lines} lines`);
  }
});

test('the client takes only types from the server', async () => {
  const scripts = (await readdir(client, { recursive: true })).filter((file) => file.endsWith('.ts'));
  for (const script of scripts) {
    for (const [line] of (await read(script)).matchAll(/^import .*\.\.\/src\/.*$/gm)) {
      assert.match(line, /^import type /, script);
    }
  }
});
