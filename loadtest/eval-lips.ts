/**
 * Measures how well the drawn lips follow speech. Usage:
 *   node loadtest/eval-lips.ts <folder of .wav + phone .json> [--avatar astronaut|hopper] [--headaudio <unpacked package>] [--most 20] [--json <file>]
 * Every video frame is drawn and the inner lips are found in it with the face mesh network; nothing is read from the coefficients.
 * A recording is WAV (16 kHz, mono) with `{ "phones": [{ "t0", "t1", "ph" }] }` in seconds and ARPAbet beside it.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readAvatar } from '../src/avatars/avatar-files.ts';
import { LipExpressionModel } from '../src/motion/lip-expression-model.ts';
import { openHeadaudio } from './lips/headaudio-peer.ts';
import { LipFilm, visemesOf } from './lips/lip-film.ts';
import { scoreLips, type LipRecord, type LipScores } from './lips/lip-scores.ts';
import { classAt, readPhones, type SpokenPhone } from './lips/phone-track.ts';
import { quietSounds } from './lips/quiet-sounds.ts';
import { readSpeech } from './lips/read-speech.ts';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

/** The peer is scored at its best lag, in steps of 10 ms. */
const PEER_LAGS = [0, 2, 4, 6, 8, 10, 12] as const;

interface Recording {
  readonly name: string;
  readonly samples: Float32Array;
  readonly phones: readonly SpokenPhone[];
}

interface Line {
  readonly figure: string;
  readonly value: string;
  readonly goal: string;
  readonly met: boolean;
}

const { values, positionals: [folder] } = parseArgs({
  allowPositionals: true,
  options: { avatar: { type: 'string', default: 'hopper' }, headaudio: { type: 'string' }, most: { type: 'string', default: '1000' }, json: { type: 'string' } },
});
if (folder === undefined) {
  throw new TypeError('Usage: node loadtest/eval-lips.ts <folder of .wav + phone .json> [--avatar <portrait>] [--headaudio <folder>] [--most <n>] [--json <file>]');
}

async function readRecordings(from: string, most: number): Promise<Recording[]> {
  const names = (await readdir(from)).filter((name) => name.endsWith('.wav')).map((name) => name.slice(0, -4)).sort().slice(0, most);
  return Promise.all(names.map(async (name) => (
    { name, samples: await readSpeech(join(from, `${name}.wav`)), phones: await readPhones(join(from, `${name}.json`)) })));
}

/** Share of the 10 ms steps whose class is right, with the answers taken so many steps later. */
function accuracy(recordings: readonly Recording[], answers: readonly (readonly string[])[], lag: number): number {
  let right = 0;
  let all = 0;
  recordings.forEach(({ phones }, index) => {
    const heard = answers[index] ?? [];
    for (let step = 0; step + lag < heard.length; step++) {
      right += classAt(phones, (step + 0.5) / 100) === heard[step + lag] ? 1 : 0;
      all += 1;
    }
  });
  return right / all;
}

function table(scores: LipScores, quiet: Readonly<Record<string, number>>, visemes: number): Line[] {
  const line = (figure: string, value: number, goal: string, met: boolean): Line => ({ figure, value: Number.isNaN(value) ? 'none' : value.toFixed(2), goal, met: met || Number.isNaN(value) });
  return [
    line(`closure recall (${scores.closures} of p, b, m)`, scores.closureRecall, '≥ 0.90', scores.closureRecall >= 0.9),
    line('openness, correlation', scores.opennessCorrelation, '≥ 0.75', scores.opennessCorrelation >= 0.75),
    line('open / close vowels, gap', scores.openVowelMm / scores.closeVowelMm, '≥ 2', scores.openVowelMm >= 2 * scores.closeVowelMm),
    line('rounded / spread vowels, width', scores.roundedWidthShare, '≤ 0.90', scores.roundedWidthShare <= 0.9),
    line('pauses, 95 % of gaps in mm', scores.pauseMm, '≤ 1', scores.pauseMm <= 1),
    ...Object.entries(quiet).map(([name, mm]) => line(`${name} at −20 dBFS, largest gap in mm`, mm, '≤ 1', mm <= 1)),
    line('lag in frames', scores.lagFrames, '−1 to 1', Math.abs(scores.lagFrames) <= 1),
    line('visemes right, of 8', visemes, '≥ 0.60', visemes >= 0.6),
  ];
}

const recordings = await readRecordings(folder, Number(values.most));
await using model = await LipExpressionModel.open(MODELS);
const film = await LipFilm.open(await readAvatar(join(MODELS, 'portraits', values.avatar), true), model);
const records: LipRecord[] = [];
for (const { name, samples, phones } of recordings) {
  records.push({ name, phones, ...await film.shoot(samples) });
}
const quiet: Record<string, number> = {};
for (const [name, samples] of Object.entries(quietSounds())) {
  quiet[name] = Math.max(...(await film.shoot(samples)).gapMm);
}
const answers = [];
for (const { samples } of recordings) {
  answers.push(await visemesOf(model, samples));
}
const visemes = accuracy(recordings, answers, 0);
const scores = scoreLips(records);
const lines = table(scores, quiet, visemes);
console.log(`${recordings.length} recordings, ${(recordings.reduce((sum, { samples }) => sum + samples.length, 0) / 16_000).toFixed(1)} s, drawn as ${values.avatar}; gaps over the ${film.shutMm.toFixed(1)} mm that the mesh reads between touching lips`);
console.log(lines.map(({ figure, value, goal, met }) => `| ${figure.padEnd(42)} | ${value.padStart(6)} | ${goal.padEnd(8)} | ${met ? 'yes' : 'no '} |`).join('\n'));
let peer: number | undefined;
if (values.headaudio !== undefined) {
  const hear = await openHeadaudio(values.headaudio);
  const heard = recordings.map(({ samples }) => hear(samples));
  peer = Math.max(...PEER_LAGS.map((lag) => accuracy(recordings, heard, lag)));
  console.log(`| ${'the same, headaudio at its best lag'.padEnd(42)} | ${peer.toFixed(2).padStart(6)} | ${''.padEnd(8)} |     |`);
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ avatar: values.avatar, recordings: recordings.map(({ name }) => name), ...scores, quiet, visemes, peer, shutMm: film.shutMm }, null, 2)}\n`);
}
await film.close();
