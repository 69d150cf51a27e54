import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AvatarError } from './base/errors.ts';
import type { Config } from './server/config.ts';

const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));
const DEFAULT_CONFIG = fileURLToPath(new URL('../config/orator.yaml', import.meta.url));

/** Every command with its usage and what it does; README's table and a test are held to this list. */
export const COMMANDS = {
  serve: { usage: 'serve [--config FILE] [--host ADDRESS] [--port NUMBER]', help: 'Starts the server and prints its address.' },
  render: { usage: 'render PORTRAIT SPEECH OUT.mp4 [--seed NUMBER] [--config FILE]', help: 'Makes a film: PORTRAIT is an image file or an avatar\'s id, SPEECH any sound file.' },
  import: { usage: 'models import FOLDER', help: 'Turns the official SadTalker checkpoints in FOLDER into ONNX graphs under models/sadtalker.' },
  list: { usage: 'models list', help: 'Prints the imported graphs.' },
  verify: { usage: 'models verify', help: 'Runs each imported graph once and compares half precision with full.' },
  help: { usage: 'help', help: 'Prints this list.' },
} as const;

const OPTIONS = {
  config: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' }, seed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

/** Runs one command line (without `node` and the script) and returns the exit status. */
export async function run(args: string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    console.error(error instanceof AvatarError ? `${error.code}: ${error.message}` : error);
    return 1;
  }
}

async function dispatch(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage()}`);
    return 2;
  }
  const { positionals: [command = 'help', ...operands], values } = parsed;
  if (values.help === true || command === 'help') {
    console.log(usage());
    return 0;
  }
  if (command === 'serve' && operands.length === 0) {
    return serve(values);
  }
  if (command === 'render' && operands.length === 3) {
    return render(operands as [string, string, string], values);
  }
  if (command === 'models' && await models(operands)) {
    return 0;
  }
  console.error(`Not understood: ${args.join(' ')}\n${usage()}`);
  return 2;
}

function usage(): string {
  return ['Usage:', ...Object.values(COMMANDS).map((command) => `  orator ${command.usage}\n      ${command.help}`)].join('\n');
}

async function readSettings(values: Values): Promise<Config> {
  const { readConfig } = await import('./server/config.ts');
  return readConfig(values.config ?? process.env['ORATOR_CONFIG'] ?? DEFAULT_CONFIG, {
    ...process.env,
    ...(values.host === undefined ? {} : { ORATOR_SERVER_HOST: values.host }),
    ...(values.port === undefined ? {} : { ORATOR_SERVER_PORT: values.port }),
  });
}

/** Runs the server until SIGINT or SIGTERM. */
async function serve(values: Values): Promise<number> {
  const config = await readSettings(values);
  const { pino } = await import('pino');
  const { OratorServer } = await import('./server/orator-server.ts');
  const logger = pino({ level: config.log.level, name: 'orator' }, pino.destination({ dest: 2, sync: false }));
  const server = await OratorServer.create(config, logger);
  console.log(`Orator talks at ${await server.listen()}`);
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, resolve);
    }
  });
  logger.info({ signal }, 'The server is stopping.');
  await server.close();
  return 0;
}

/** Makes a film from a portrait and a sound file. */
async function render([portrait, speech, out]: [string, string, string], values: Values): Promise<number> {
  const config = await readSettings(values);
  const { renderFilm } = await import('./film.ts');
  const cancel = new AbortController();
  process.once('SIGINT', () => { cancel.abort(); });
  const startMs = performance.now();
  const { seconds, frames } = await renderFilm({
    portrait: existsSync(portrait) ? { file: portrait } : { avatar: portrait },
    speechFile: speech, outFile: out, seed: Number(values.seed ?? 1),
    avatarFolder: config.avatars.folder, modelsFolder: MODELS_FOLDER, signal: cancel.signal,
    onProgress: (share) => { showProgress(share); },
  });
  const tookS = (performance.now() - startMs) / 1000;
  console.error('');
  console.log(`${out}: ${frames} frames, ${seconds.toFixed(1)} s of film in ${tookS.toFixed(1)} s (${(seconds / tookS).toFixed(1)} times real time).`);
  return 0;
}

/** Imports, lists or verifies model packs; false when the words are none of these. */
async function models([action, folder, ...more]: string[]): Promise<boolean> {
  const { importModels, listModels, verifyModels } = await import('./model-pack.ts');
  const options = { modelsFolder: MODELS_FOLDER, print: (line: string): void => { console.log(line); } };
  if (action === 'import' && folder !== undefined && more.length === 0) {
    const cancel = new AbortController();
    process.once('SIGINT', () => { cancel.abort(); });
    await importModels(folder, { ...options, signal: cancel.signal, onProgress: ({ doneBytes, totalBytes }) => { showProgress(doneBytes / totalBytes); } });
    return true;
  }
  if ((action === 'list' || action === 'verify') && folder === undefined) {
    await (action === 'list' ? listModels : verifyModels)(options);
    return true;
  }
  return false;
}

function showProgress(share: number): void {
  if (process.stderr.isTTY) {
    const width = 40;
    const done = Math.round(share * width);
    process.stderr.write(`\r[${'#'.repeat(done)}${'.'.repeat(width - done)}] ${Math.round(share * 100)} %`);
  }
}
