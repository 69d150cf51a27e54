/**
 * Maintainer's tool: fits the small net that tells mouth shapes from mel windows, on synthetic speech whose phones are known.
 * Usage: node models/fit-mel-mouth.ts
 * It needs the optional package espeak-ng and the program flite (Debian: flite); it takes about five minutes
 * and writes src/motion/mouth-net-weights.json. The result holds no speech of either engine, only 11,000 numbers.
 */
import { writeFileSync } from 'node:fs';
import { Random } from '../src/motion/random.ts';
import type { MouthNetWeights } from '../src/motion/mouth-net.ts';
import { Lesson } from './mouth/lesson.ts';
import { MouthNetTrainer } from './mouth/mouth-net-trainer.ts';
import type { EspeakLanguage } from './mouth/phone-visemes.ts';
import { CANTONESE, ENGLISH, MANDARIN } from './mouth/sentences.ts';
import { asOtherSpeaker, asRecorded, noiseAlone } from './mouth/sound-variation.ts';
import { ESPEAK_VARIANTS, FLITE_VOICES, openEspeak, speakWithFlite, type Utterance } from './mouth/synthetic-speech.ts';

const SEED = 1;
const EPOCHS = 16;

/** Versions of each utterance: as spoken, then as other speakers, each recorded differently. */
const FLITE_VERSIONS = 4;
const ESPEAK_VERSIONS = 2;

/** Variants of espeak-ng's voices per sentence, and noises without a voice. */
const VARIANTS = { en: 4, cmn: 5, yue: 5 } as const;
const NOISES_ALONE = 400;

const OUT = new URL('../src/motion/mouth-net-weights.json', import.meta.url);

function hear(lesson: Lesson, utterance: Utterance, versions: number, random: Random): void {
  for (let version = 0; version < versions; version++) {
    const speaker = version === 0 ? utterance : asOtherSpeaker(utterance, random.between(0.84, 1.22));
    lesson.hear(asRecorded(speaker, random), Math.floor(random.between(0, 640)));
  }
}

async function speakAll(lesson: Lesson, random: Random): Promise<void> {
  const speakWithEspeak = await openEspeak();
  const texts: Readonly<Record<EspeakLanguage, readonly string[]>> = { en: ENGLISH, cmn: MANDARIN, yue: CANTONESE };
  for (const language of ['en', 'cmn', 'yue'] as const) {
    for (const [index, text] of texts[language].entries()) {
      for (let i = 0; i < VARIANTS[language]; i++) {
        const variant = ESPEAK_VARIANTS[(index * 4 + i) % ESPEAK_VARIANTS.length]!;
        hear(lesson, speakWithEspeak({ text, language, variant, wordsPerMinute: 150 + 15 * (i % 3) }), ESPEAK_VERSIONS, random);
      }
    }
  }
  for (const text of ENGLISH) {
    for (const voice of FLITE_VOICES) {
      hear(lesson, speakWithFlite(text, voice), FLITE_VERSIONS, random);
    }
  }
  for (let i = 0; i < NOISES_ALONE; i++) {
    lesson.hear({ samples: noiseAlone(3, random), segments: [] });
  }
}

/** One row a line, so that a diff can be read. */
function asJson(weights: MouthNetWeights): string {
  const matrix = (values: readonly (readonly number[])[]): string => `[\n${values.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
  return `{\n"hidden": ${matrix(weights.hidden)},\n"hiddenBias": ${JSON.stringify(weights.hiddenBias)},\n`
    + `"visemes": ${matrix(weights.visemes)},\n"visemeBias": ${JSON.stringify(weights.visemeBias)}\n}\n`;
}

const random = new Random(SEED);
const lesson = new Lesson();
await speakAll(lesson, random);
console.log(`${lesson.length} examples`);
const trainer = new MouthNetTrainer(random);
trainer.fit(lesson, EPOCHS, (epoch, loss) => { console.log(`epoch ${epoch + 1} of ${EPOCHS}: loss ${loss.toFixed(4)}`); });
writeFileSync(OUT, asJson(trainer.weights()));
