import { readFile, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { build } from 'esbuild';

/** One file of the page, ready to send. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = Object.freeze({
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
});

/**
 * Bundles the page in memory: each `.ts` entry (main.ts, the library orator.ts and the examples) becomes a `.js` file at the same path,
 * and the static files beside them are taken as they are. Takes about 0.1 s.
 */
export async function bundlePage(clientFolder: string): Promise<ReadonlyMap<string, PageFile>> {
  const examples = await readdir(join(clientFolder, 'examples'));
  const entries = ['main.ts', 'orator.ts', ...examples.filter((file) => file.endsWith('.ts')).map((file) => `examples/${file}`)];
  const files = new Map<string, PageFile>();
  const bundle = await build({
    absWorkingDir: clientFolder, entryPoints: entries, outdir: '/', outbase: clientFolder,
    bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', legalComments: 'none', logLevel: 'silent',
  });
  for (const { path, contents } of bundle.outputFiles) {
    files.set(path.replaceAll('\\', '/'), { contentType: CONTENT_TYPES['.js']!, body: Buffer.from(contents) });
  }
  for (const [folder, names] of [['', await readdir(clientFolder)], ['examples/', examples]] as const) {
    for (const name of names) {
      const contentType = CONTENT_TYPES[extname(name)];
      if (contentType !== undefined) {
        files.set(`/${folder}${name}`, { contentType, body: await readFile(join(clientFolder, folder, name)) });
      }
    }
  }
  const index = files.get('/index.html');
  if (index !== undefined) {
    files.set('/', index);
  }
  return files;
}
