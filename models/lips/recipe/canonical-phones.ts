import type { Language } from './sentence-generator.ts';

/** ARPAbet as flite and festival write it, where it is not the name in `PHONES` itself. */
const ARPABET: Readonly<Record<string, string>> = {
  'pau': 'sil', 'h#': 'sil', 'brth': 'sil', 'ix': 'ih', 'axr': 'er', 'em': 'm', 'en': 'n', 'el': 'l', 'nx': 'n', 'hv': 'hh', 'ssil': 'sil',
};

/** espeak-ng's consonants by language. */
const CONSONANTS: Readonly<Record<Language, Readonly<Record<string, readonly string[]>>>> = {
  en: {
    'p': ['p'], 'b': ['b'], 'm': ['m'], 'f': ['f'], 'v': ['v'], 's': ['s'], 'z': ['z'], 'ʃ': ['sh'], 'ʒ': ['zh'], 'tʃ': ['ch'], 'dʒ': ['jh'], 'ɹ': ['r'], 'r': ['r'],
    'w': ['w'], 'j': ['y'], 'k': ['k'], 'ɡ': ['g'], 'ŋ': ['ng'], 'h': ['hh'], 'ʔ': ['k'], 't': ['t'], 'd': ['d'], 'n': ['n'], 'l': ['l'], 'ð': ['dh'], 'θ': ['th'],
    'ɾ': ['dx'], 'n̩': ['n'], 'əl': ['ax', 'l'], 'x': ['k'], 'ʍ': ['w'], 'ʲ': ['y'],
  },
  cmn: {
    'p': ['p'], 'ph': ['p'], 'm': ['m'], 'f': ['f'], 's': ['s'], 'ts': ['t', 's'], 'tsh': ['t', 's'], 'ɕ': ['tsi'], 'tɕ': ['t', 'tsi'], 'tɕh': ['t', 'tsi'],
    'ʐ': ['r'], 's.': ['sh'], 'ts.': ['ch'], 'ts.h': ['ch'], 'w': ['w'], 'j': ['y'], 'k': ['k'], 'kh': ['k'], 'χ': ['hh'], 'ŋ': ['ng'], 't': ['t'], 'th': ['t'], 'n': ['n'], 'l': ['l'],
  },
  yue: {
    'p': ['p'], 'b': ['b'], 'm': ['m'], 'f': ['f'], 's': ['s'], 'z': ['t', 's'], 'c': ['t', 's'], 'w': ['w'], 'j': ['y'], 'k': ['k'], 'ɡ': ['g'], 'h': ['hh'], 'ŋ': ['ng'], 'nɡ': ['ng'],
    't': ['t'], 'd': ['d'], 'n': ['n'], 'l': ['l'],
  },
};

/** Diphthongs and long vowels that are one phone. */
const WHOLE_VOWELS: Readonly<Record<string, readonly string[]>> = {
  'eɪ': ['ey'], 'aɪ': ['ay'], 'aʊ': ['aw'], 'oʊ': ['ow'], 'əʊ': ['ow'], 'ɔɪ': ['oy'], 'ɜ': ['er'], 'ɚ': ['er'], 'aɪə': ['ay', 'ax'], 'aɪɚ': ['ay', 'er'], 'ər': ['er'], 'ʌʉ': ['aw'],
};

/** Letters of vowels that are spelt out. */
const VOWELS: Readonly<Record<string, string>> = {
  a: 'aa', ɑ: 'aa', ɒ: 'ao', æ: 'ae', ʌ: 'ah', ɐ: 'ah', ɔ: 'ao', o: 'o', ø: 'oe', u: 'uw', ʉ: 'uw', ʊ: 'uh', y: 'yu', i: 'iy', ɪ: 'ih', ᵻ: 'ih', e: 'ey', ɛ: 'eh', ə: 'ax', ɜ: 'er', ɚ: 'er', ɨ: 'apical',
};

/** Consonants that espeak-ng writes at the end of a vowel. */
const VOWEL_ENDS: readonly (readonly [string, string])[] = [['nɡ', 'ng'], ['ŋ', 'ng'], ['ɹ', 'r'], ['n', 'n']];

/** Returns the name in `PHONES` of a phone of flite's or festival's English voices. */
export function fromArpabet(phone: string): string {
  return ARPABET[phone] ?? phone;
}

/** Returns the names in `PHONES` of a phone of espeak-ng's, in the order they are spoken. Throws on one it does not know. */
export function fromEspeak(phone: string, language: Language): readonly string[] {
  const bare = phone.replace(/^[ˈˌ]/u, '').replaceAll(/[ː:]/gu, '').replaceAll('\u032A', '');
  if (bare === '' || bare.startsWith('_')) {
    return ['sil'];
  }
  return CONSONANTS[language][bare] ?? (language === 'en' || bare === 'ər' ? WHOLE_VOWELS[bare] : undefined) ?? spelt(bare);
}

/** Tells whether espeak-ng's event for this phone marks the burst, after the closure that belongs to it. */
export function isEspeakStop(phone: string): boolean {
  return /^(p|b|t|d|k|ɡ|c)/u.test(phone);
}

/** A vowel lasts longer than the consonant written after it, so each of its letters counts twice. */
function spelt(bare: string): readonly string[] {
  const end = VOWEL_ENDS.find(([letters]) => bare.endsWith(letters));
  const vowel = end === undefined ? bare : bare.slice(0, -end[0].length);
  // Digraphs of the Mandarin and Cantonese voices, as one letter each.
  const letters = vowel.replaceAll('yu', 'y').replaceAll('aa', 'a').replaceAll(/oe|eo/gu, 'ø').replaceAll('i.', 'ɨ').replaceAll('o-', 'ə');
  const phones = Array.from(letters).flatMap((letter) => {
    const name = VOWELS[letter];
    if (name === undefined) {
      throw new RangeError(`The phone ${JSON.stringify(bare)} is in no table of canonical-phones.ts. Add it.`);
    }
    return [name, name];
  });
  return end === undefined ? phones : [...phones, end[1]];
}
