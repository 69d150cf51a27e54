import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Logger } from 'pino';
import { AvatarError } from './base/errors.ts';
import { FILM_FLAGS, filmArguments, joinAngleLists } from './film-arguments.ts';
import type { FilmArguments } from './film-arguments.ts';
import type { SadTalkerFilm } from './packs/sadtalker-film.ts';
import type { Config } from './server/config.ts';

const DEFAULT_CONFIG = fileURLToPath(new URL('../config/orator.yaml', import.meta.url));

/** What an avatar's id looks like; anything else is the name of a file. */
const AVATAR_ID = /^[\w-]{1,64}$/;

/** Exit status of a command that was told to stop, as shells have it for SIGINT. */
const STOPPED_STATUS = 130;

/** Every command with its usage and what it does; README's table and a test are held to this list. */
export const COMMANDS = {
  serve: { usage: 'serve [--config FILE] [--host ADDRESS] [--port NUMBER] [--pack NAME]', help: 'Starts the server and prints its address. The pack (built-in or sadtalker) draws faces unless a session asks for another.' },
  render: { usage: 'render PORTRAIT SPEECH OUT.mp4 [--seed NUMBER] [--style NAME] [--config FILE]', help: 'Makes a film: PORTRAIT is an image file or an avatar\'s id, SPEECH any sound file; the head moves in the style calm, lively or presenter.' },
  renderSadTalker: {
    usage: 'render PORTRAIT SPEECH OUT.mp4 --pack sadtalker [--preprocess MODE] [--size 256] [--still] [--pose_style NUMBER] [--expression_scale NUMBER] [--input_yaw DEGREES] [--input_pitch DEGREES] [--input_roll DEGREES] [--batch_size NUMBER] [--ref_pose VIDEO] [--ref_eyeblink VIDEO] [--seed NUMBER]',
    help: 'Makes the film with SadTalker\'s networks; the options have the reference\'s names and defaults.',
  },
  import: { usage: 'models import FOLDER', help: 'Turns the official SadTalker checkpoints in FOLDER into ONNX graphs, in the folder of the setting sadtalker.folder.' },
  list: { usage: 'models list', help: 'Prints the imported graphs.' },
  verify: { usage: 'models verify', help: 'Runs each imported graph once; fails when a file changed, a graph gives no numbers, or half precision differs from full by over 2 % on average.' },
  help: { usage: 'help', help: 'Prints this list.' },
} as const;

const OPTIONS = {
  config: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' }, ...FILM_FLAGS,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Options of each command, `help` aside. */
const OPTIONS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['serve', ['config', 'host', 'port', 'pack']], ['render', ['config', ...Object.keys(FILM_FLAGS)]], ['models', ['config']],
]);

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

/** Runs one command line (without `node` and the script) and returns the exit status. */
export async function run(args: string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (error instanceof Cancelled) {
      console.error(`\n${error.message}`);
      return STOPPED_STATUS;
    }
    console.error(error instanceof AvatarError ? `${error.code}: ${error.message}` : error);
    return 1;
  }
}

/** The reason of a signal that `cancelled` returned. */
class Cancelled extends Error {}

/** Returns a signal that is aborted when the process is told to stop, so that work of minutes leaves no half files behind. */
function cancelled(): AbortSignal {
  const cancel = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => { cancel.abort(new Cancelled('Stopped; nothing was written.')); });
  }
  return cancel.signal;
}

async function dispatch(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args: joinAngleLists(args), options: OPTIONS, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage()}`);
    return 2;
  }
  const { positionals: [command = 'help', ...operands], values } = parsed;
  if (values.help === true || command === 'help') {
    console.log(usage());
    return 0;
  }
  const strange = Object.keys(values).find((option) => OPTIONS_OF.get(command)?.includes(option) === false);
  const status = strange === undefined ? await obey(command, operands, values) : undefined;
  if (status === undefined) {
    console.error(`${strange === undefined ? `Not understood: ${args.join(' ')}` : `The command ${command} has no option --${strange}.`}\n${usage()}`);
  }
  return status ?? 2;
}

/** Runs a command, and returns its exit status; undefined when there is no such one. */
async function obey(command: string, operands: string[], values: Values): Promise<number | undefined> {
  if (command === 'serve' && operands.length === 0) {
    return serve(values);
  }
  if (command === 'render' && operands.length === 3) {
    return render(operands as [string, string, string], values);
  }
  return command === 'models' && await models(operands, values) ? 0 : undefined;
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
    ...(values.pack === undefined ? {} : { ORATOR_FACE_PACK: values.pack }),
  });
}

async function openLog({ log }: Config): Promise<{ readonly logger: Logger }> {
  const { pino } = await import('pino');
  return { logger: pino({ level: log.level, name: 'orator' }, pino.destination({ dest: 2, sync: false })) };
}

/** Runs the server until SIGINT or SIGTERM. */
async function serve(values: Values): Promise<number> {
  const config = await readSettings(values);
  const { OratorServer } = await import('./server/orator-server.ts');
  const { logger } = await openLog(config);
  await using server = await OratorServer.create(config, logger);
  console.log(`Orator talks at ${await server.listen()}`);
  // A terminal may send a signal twice, itself and through a launcher: the second must not cut the goodbye short.
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, resolve);
    }
  });
  logger.info({ signal }, 'The server is stopping.');
  return 0;
}

/** Makes a film from a portrait and a sound file. */
async function render([portrait, speech, out]: [string, string, string], values: Values): Promise<number> {
  const film = filmArguments(values);
  const config = await readSettings(values);
  const { renderFilm } = await import('./film.ts');
  const signal = cancelled();
  const startMs = performance.now();
  const { width, height, seconds, frames } = await renderFilm({
    portrait: existsSync(portrait) || !AVATAR_ID.test(portrait) ? { file: portrait } : { avatar: portrait },
    speechFile: speech, outFile: out, seed: film.seed, style: film.style,
    ...((film.pack ?? config.face.pack) === 'sadtalker' ? { sadtalker: sadTalkerFilm(film, config) } : {}),
    avatarFolder: config.avatars.folder, signal, ...await openLog(config),
    onProgress: (share) => { showProgress(share); },
  });
  const tookS = (performance.now() - startMs) / 1000;
  console.error('');
  console.log(`${out}: ${frames} frames of ${width} × ${height}, ${seconds.toFixed(1)} s of film in ${tookS.toFixed(1)} s (${(seconds / tookS).toFixed(1)} times real time).`);
  return 0;
}

/** The film's options for SadTalker; where and how its networks run is a setting. */
function sadTalkerFilm(film: FilmArguments, { sadtalker }: Config): SadTalkerFilm {
  return {
    settings: { ...sadtalker, preprocess: film.preprocess, size: film.size, batch: film.batch_size },
    still: film.still, poseStyle: film.pose_style, expressionScale: film.expression_scale,
    anglesDeg: { yaw: film.input_yaw, pitch: film.input_pitch, roll: film.input_roll },
    poseVideo: film.ref_pose, blinkVideo: film.ref_eyeblink,
  };
}

/** Imports, lists or verifies model packs; false when the words are none of these. */
async function models([action, folder, ...more]: string[], values: Values): Promise<boolean> {
  const { importModels, listModels, verifyModels } = await import('./model-pack.ts');
  const { sadtalker } = await readSettings(values);
  const options = { packFolder: sadtalker.folder, print: (line: string): void => { console.log(line); } };
  if (action === 'import' && folder !== undefined && more.length === 0) {
    await importModels(folder, { ...options, signal: cancelled(), onProgress: ({ doneBytes, totalBytes }) => { showProgress(doneBytes / totalBytes); } });
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
