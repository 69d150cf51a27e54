/**
 * Measures openness and rounding of the drawn mouth on spoken Mandarin syllables. Usage:
 *   node loadtest/eval-syllables.ts <folder of bopomofo folders, as Debian's gcin-voice has> [--avatar astronaut|hopper] [--speaker 5] [--each 12]
 * A folder is named for its syllable and tone (ㄅㄚ1); the recording of a speaker in it is <speaker>.ogg.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readAvatar } from '../src/avatars/avatar-files.ts';
import { LipExpressionModel } from '../src/motion/lip-expression-model.ts';
import { LipFilm } from './lips/lip-film.ts';
import { median } from './lips/lip-scores.ts';
import { readSpeech } from './lips/read-speech.ts';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

/** Finals by how they look. */
const FINALS = { open: 'ㄚㄞㄠㄢㄤ', close: 'ㄧㄨㄩ', rounded: 'ㄨㄩㄛㄡ', spread: 'ㄧㄝㄟ' } as const;

/** Silence before and after a syllable, in samples: recordings are cut close. */
const MARGIN_SAMPLES = 6400;
const FRAME_SAMPLES = 640;

const { values, positionals: [folder] } = parseArgs({
  allowPositionals: true,
  options: { avatar: { type: 'string', default: 'hopper' }, speaker: { type: 'string', default: '5' }, each: { type: 'string', default: '12' } },
});
if (folder === undefined) {
  throw new TypeError('Usage: node loadtest/eval-syllables.ts <folder> [--avatar <portrait>] [--speaker <number>] [--each <count>]');
}

/** Returns recordings whose syllable ends in one of the finals, spread over the folder. */
async function recordingsOf(root: string, finals: string): Promise<string[]> {
  const names = (await readdir(root)).sort().filter((name) => finals.includes(name.replace(/\d$/u, '').at(-1) ?? '?'));
  const files = names.map((name) => join(root, name, `${values.speaker}.ogg`)).filter((file) => existsSync(file));
  const step = Math.max(1, files.length / Number(values.each));
  return files.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

await using model = await LipExpressionModel.open(MODELS);
const film = await LipFilm.open(await readAvatar(join(MODELS, 'portraits', values.avatar), true), model);
const seen = new Map<string, { gapMm: number; widthMm: number }>();
for (const [kind, finals] of Object.entries(FINALS)) {
  const gaps: number[] = [];
  const widths: number[] = [];
  for (const file of await recordingsOf(folder, finals)) {
    const spoken = await readSpeech(file);
    const samples = new Float32Array(spoken.length + 2 * MARGIN_SAMPLES);
    samples.set(spoken, MARGIN_SAMPLES);
    const { gapMm, widthMm } = await film.shoot(samples, { liveliness: 0 });
    // The final is the middle of what was spoken: its start is the initial, its end fades.
    const frameOf = (share: number): number => Math.round((MARGIN_SAMPLES + share * spoken.length) / FRAME_SAMPLES);
    gaps.push(median(gapMm.slice(frameOf(0.35), frameOf(0.75))));
    widths.push(median(widthMm.slice(frameOf(0.35), frameOf(0.75))));
  }
  seen.set(kind, { gapMm: median(gaps), widthMm: median(widths) });
  console.log(`${kind.padEnd(8)} ${finals.padEnd(6)} ${String(gaps.length).padStart(3)} syllables: gap ${median(gaps).toFixed(1)} mm, width ${median(widths).toFixed(1)} mm`);
}
const of = (kind: keyof typeof FINALS): { gapMm: number; widthMm: number } => seen.get(kind) ?? { gapMm: Number.NaN, widthMm: Number.NaN };
console.log(`open / close gap ${(of('open').gapMm / of('close').gapMm).toFixed(2)}, rounded / spread width ${(of('rounded').widthMm / of('spread').widthMm).toFixed(2)}`);
await film.close();
