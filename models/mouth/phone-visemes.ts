import type { Viseme } from '../../src/motion/viseme.ts';

/** Visemes of one phone in the order they are spoken, each for an equal part of it: a diphthong has several. */
export type PhoneVisemes = readonly Viseme[];

/** Names of phones by viseme, separated by spaces. */
type Table = Partial<Record<Viseme, string>>;

/** Diphthongs of ARPAbet. */
const ARPABET_DIPHTHONGS: Readonly<Record<string, PhoneVisemes>> = {
  ay: ['open', 'open', 'spread'], aw: ['open', 'open', 'round'], ow: ['middle', 'round', 'round'], oy: ['round', 'round', 'spread'],
};

/** Phones of flite's English voices (ARPAbet). */
const ARPABET = byPhone({
  silence: 'pau', closed: 'p b m em', lipTeeth: 'f v', hiss: 's z', hush: 'sh ch jh zh r', round: 'uw uh ao w', spread: 'iy ih eh ey y ix',
  open: 'aa ae ah', middle: 'ax axr er k g hh ng', tongue: 't d n l th dh dx en el',
});

/** Consonants of espeak-ng's English, Mandarin and Cantonese, as its phoneme events name them. */
const ESPEAK_CONSONANTS = {
  en: byPhone({
    closed: 'p b m', lipTeeth: 'f v', hiss: 's z', hush: 'ʃ ʒ tʃ dʒ ɹ', round: 'w', spread: 'j', middle: 'k ɡ ŋ h ɚ ʔ', tongue: 't d n l ð θ ɾ n̩ əl',
  }),
  cmn: byPhone({
    closed: 'p ph m', lipTeeth: 'f', hiss: 's ts tsh ɕ tɕ tɕh', hush: 'ʐ s. ts. ts.h', round: 'w', spread: 'j', middle: 'k kh χ ŋ', tongue: 't th n l',
  }),
  yue: byPhone({
    closed: 'p b m', lipTeeth: 'f', hiss: 's z c', round: 'w', spread: 'j', middle: 'k ɡ h ŋ nɡ', tongue: 't d n l',
  }),
} as const;

/** Letters of espeak-ng's vowels. */
const ESPEAK_VOWELS = byPhone({
  open: 'a ɑ æ ʌ ɐ', round: 'ɔ o ø u ʊ y', spread: 'i ɪ e ɛ ᵻ', middle: 'ə ɜ ɚ', hiss: 'ɨ',
});

/** Consonants that espeak-ng writes as the end of a vowel. */
const ESPEAK_ENDS: readonly (readonly [string, Viseme])[] = [['nɡ', 'middle'], ['ŋ', 'middle'], ['ɹ', 'hush'], ['n', 'tongue']];

/** Languages that espeak-ng speaks here. */
export type EspeakLanguage = keyof typeof ESPEAK_CONSONANTS;

/** Returns the visemes of a phone of flite's. Throws on an unknown one. */
export function visemesOfArpabet(phone: string): PhoneVisemes {
  return ARPABET_DIPHTHONGS[phone] ?? [known(ARPABET, phone)];
}

/** Returns the visemes of a phone of espeak-ng's, with or without its stress mark. Throws on an unknown one. */
export function visemesOfEspeak(phone: string, language: EspeakLanguage): PhoneVisemes {
  const bare = phone.replace(/^[ˈˌ]/u, '').replaceAll('ː', '');
  if (bare === '' || bare.startsWith('_')) {
    return ['silence'];
  }
  const consonant = ESPEAK_CONSONANTS[language].get(bare);
  return consonant === undefined ? visemesOfVowel(bare) : [consonant];
}

/** Tells whether espeak-ng's event for this phone marks the burst, after the closure that belongs to it. */
export function isEspeakStop(phone: string): boolean {
  return /^(p|b|t|d|k|ɡ|c)/u.test(phone) && phone !== 'ð';
}

function visemesOfVowel(bare: string): PhoneVisemes {
  const end = ESPEAK_ENDS.find(([letters]) => bare.endsWith(letters));
  const vowel = end === undefined ? bare : bare.slice(0, -end[0].length);
  // Digraphs of the Mandarin and Cantonese voices, as one letter each.
  const letters = vowel.replaceAll('yu', 'y').replaceAll('aa', 'a').replaceAll(/oe|eo/gu, 'ø').replaceAll('i.', 'ɨ').replaceAll('o-', 'ə');
  // A vowel lasts longer than the consonant written after it.
  const visemes = Array.from(letters).flatMap((letter) => [known(ESPEAK_VOWELS, letter), known(ESPEAK_VOWELS, letter)]);
  return end === undefined ? visemes : [...visemes, end[1]];
}

function known(table: ReadonlyMap<string, Viseme>, phone: string): Viseme {
  const viseme = table.get(phone);
  if (viseme === undefined) {
    throw new RangeError(`The phone ${JSON.stringify(phone)} is in no table of phone-visemes.ts. Add it.`);
  }
  return viseme;
}

function byPhone(table: Table): ReadonlyMap<string, Viseme> {
  return new Map(Object.entries(table).flatMap(([viseme, phones]) => phones.split(' ').map((phone) => [phone, viseme as Viseme] as const)));
}
