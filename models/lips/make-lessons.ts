/**
 * Maintainer's tool, first step of the lips recipe: speaks generated sentences with free speech engines, varies the recordings, and
 * writes what the network learns from. Usage: node models/lips/make-lessons.ts <folder> [seed]
 * It needs the optional package espeak-ng, Debian's flite and festival, and festvox-us-slt-hts, -kallpc16k, -kdlpc16k, -italp16k, -itapc16k,
 * -suopuhe-lj, -suopuhe-mv, -czech-dita, -czech-machac, -czech-ph, -czech-krb, -ca-ona-hts, -ru and -hi-nsk with festival-hi.
 */
import { Random } from '../../src/motion/random.ts';
import { FESTIVAL_VOICES, textFor } from './recipe/festival-voices.ts';
import { holdVowels } from './recipe/held-vowels.ts';
import { LessonWriter } from './recipe/lesson-writer.ts';
import { makeSentence, pick, type Language } from './recipe/sentence-generator.ts';
import { asOtherSpeaker, asRecorded, withOtherTongue } from './recipe/sound-variation.ts';
import {
  ESPEAK_ACCENTS, ESPEAK_VARIANTS, FLITE_VOICES, openEspeak, speakWithFestival, speakWithFlite, type Utterance,
} from './recipe/speech-engines.ts';
import { voicelessSound } from './recipe/voiceless-sounds.ts';

/** Sentences per source and round, and the number that names the source in the lessons. */
const ROUNDS = 40;
const PER_ROUND = { flite: 9, festival: 12, en: 4, cmn: 3, yue: 2, voiceless: 10 } as const;
const KINDS = { flite: 0, festival: 1, en: 2, cmn: 3, yue: 4, voiceless: 5, held: 6 } as const;

/** Utterances of held vowels, after the rounds. */
const HELD = 120;

/** Most samples by which the first video frame is shifted. */
const MOST_SKIP = 640;

/** Other voices that may be heard behind one. */
const CROWD = 12;

const [folder, seed = '1'] = process.argv.slice(2);
if (folder === undefined) {
  throw new TypeError('Usage: node models/lips/make-lessons.ts <folder> [seed]');
}

const random = new Random(Number(seed));
const writer = new LessonWriter(folder);
const crowd: Float32Array[] = [];
const speakWithEspeak = await openEspeak();

/** Hears an utterance twice: near its own voice, and as another speaker; each recorded differently. */
function hear(utterance: Utterance, kind: number): void {
  for (const [least, most] of [[0.95, 1.05], [0.8, 1.25]] as const) {
    const speaker = asOtherSpeaker(withOtherTongue(utterance, random), random.between(least, most));
    writer.hear(asRecorded(speaker, random, crowd), Math.floor(random.between(0, MOST_SKIP)), kind);
  }
  crowd.push(utterance.samples);
  crowd.splice(0, crowd.length - CROWD);
}

function hearEspeak(language: Language): void {
  for (let i = 0; i < PER_ROUND[language]; i++) {
    hear(speakWithEspeak({
      text: makeSentence(language, random), language, voice: pick(ESPEAK_ACCENTS[language], random) + pick(ESPEAK_VARIANTS, random),
      wordsPerMinute: Math.round(random.between(120, 230)), pitch: Math.round(random.between(25, 75)),
    }), KINDS[language]);
  }
}

for (let round = 0; round < ROUNDS; round++) {
  for (let i = 0; i < PER_ROUND.flite; i++) {
    hear(speakWithFlite(makeSentence('en', random), pick(FLITE_VOICES, random), random.between(0.7, 1.25)), KINDS.flite);
  }
  const voice = FESTIVAL_VOICES[round % FESTIVAL_VOICES.length] ?? pick(FESTIVAL_VOICES, random);
  const texts = Array.from({ length: PER_ROUND.festival }, () => textFor(voice, random));
  for (const utterance of speakWithFestival(texts, voice, { stretch: random.between(0.7, 1.25), pitch: random.between(0.75, 1.5) })) {
    hear(utterance, KINDS.festival);
  }
  hearEspeak('en');
  hearEspeak('cmn');
  hearEspeak('yue');
  for (let i = 0; i < PER_ROUND.voiceless; i++) {
    writer.hear({ samples: voicelessSound(random.between(2, 6), random), segments: [] }, 0, KINDS.voiceless);
  }
  console.log(`round ${round + 1}: ${writer.frames} video frames, ${(writer.frames / 90_000).toFixed(2)} h`);
}
const heldRandom = new Random(Number(seed) + 1000);
for (let i = 0; i < HELD; i++) {
  writer.hear(asRecorded(holdVowels(heldRandom), heldRandom, crowd), Math.floor(heldRandom.between(0, MOST_SKIP)), KINDS.held);
}
writer.close();
