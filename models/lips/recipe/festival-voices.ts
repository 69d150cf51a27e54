import type { Random } from '../../../src/motion/random.ts';
import { makeSentence, pick } from './sentence-generator.ts';

/** Letters of one language that made-up words are put together from. */
interface Syllables {
  readonly onsets: readonly string[];
  readonly vowels: readonly string[];
  readonly codas: readonly string[];
}

const letters = (text: string): readonly string[] => text.split(' ');

const SYLLABLES = {
  it: { onsets: letters('b p m f v t d s l r c g n gn gli sc pr br fr tr st sp qu z m p b'), vowels: letters('a e i o u a o ia io uo'), codas: letters('n r l s m') },
  fi: { onsets: letters('p m v t s l r k h j n m p v'), vowels: letters('a e i o u y aa ee ii oo uu ai ei ui au'), codas: letters('n s l t r') },
  cs: { onsets: letters('b p m v f t d s z c k h j l r n ch pr br st'), vowels: letters('a e i o u a e o ou'), codas: letters('n t k l m p') },
  ca: { onsets: letters('b p m f v t d s l r c g n x j pl br tr'), vowels: letters('a e i o u a e'), codas: letters('n r l s m') },
  hi: { onsets: letters('ब प म फ भ व त द ट ड न स श ल र क ग च ज ह य प्र ब्र म प ब न'), vowels: [...letters('ा ि ी ु ू े ै ो ौ ा े'), ''], codas: letters('न म र ल स क त प') },
  ru: { onsets: letters('б п м в ф т д с з л р к г н ж ш ч х пр бр м п б'), vowels: letters('а е и о у ы я ю'), codas: letters('н р л с м к т') },
} as const satisfies Record<string, Syllables>;

/** A voice of festival's and the language whose sentences it speaks. */
export interface FestivalVoice {
  readonly name: string;
  readonly language: 'en' | keyof typeof SYLLABLES;
}

/**
 * English voices come twice: what they say is what is mostly heard. The others are there for their throats: each is one more real speaker.
 * The Russian one comes most often, as it joins whole recorded sounds: none is nearer to natural speech.
 */
export const FESTIVAL_VOICES: readonly FestivalVoice[] = [
  { name: 'voice_msu_ru_nsh_clunits', language: 'ru' },
  { name: 'voice_cmu_us_slt_arctic_hts', language: 'en' }, { name: 'voice_kal_diphone', language: 'en' }, { name: 'voice_ked_diphone', language: 'en' },
  { name: 'voice_lp_diphone', language: 'it' }, { name: 'voice_pc_diphone', language: 'it' },
  { name: 'voice_cmu_us_slt_arctic_hts', language: 'en' }, { name: 'voice_kal_diphone', language: 'en' }, { name: 'voice_ked_diphone', language: 'en' },
  { name: 'voice_suo_fi_lj_diphone', language: 'fi' }, { name: 'voice_hy_fi_mv_diphone', language: 'fi' },
  { name: 'voice_czech_dita', language: 'cs' }, { name: 'voice_czech_machac', language: 'cs' }, { name: 'voice_czech_ph', language: 'cs' }, { name: 'voice_czech_krb', language: 'cs' },
  { name: 'voice_upc_ca_ona_hts', language: 'ca' }, { name: 'voice_msu_ru_nsh_clunits', language: 'ru' }, { name: 'voice_hindi_NSK_diphone', language: 'hi' },
  { name: 'voice_upc_ca_ona_hts', language: 'ca' }, { name: 'voice_msu_ru_nsh_clunits', language: 'ru' },
];

/** Names in `PHONES` of what festival's voices of other languages call their phones, where it is not the name itself. */
const PHONES: Readonly<Record<string, string>> = {
  '#': 'sil', '##': 'sil', 'pau': 'sil', 'a': 'aa', 'e': 'eh', 'E': 'eh', 'i': 'iy', 'o': 'o', 'O': 'ao', 'u': 'uw', 'y': 'yu', 'ou': 'ow', 'ax': 'ax', 'j': 'y', 'w': 'w',
  'ts': 's', 'dz': 'z', 'tS': 'ch', 'dZ': 'jh', 'S': 'sh', 'Z': 'zh', 'J': 'n', 'JJ': 'n', 'L': 'l', 'LL': 'l', 'N': 'ng', 'r': 'dx', 'rr': 'dx', 'h': 'hh', 'x': 'k', 'c': 's', 'ch': 'k',
  'B': 'b', 'D': 'dh', 'G': 'g', 'jj': 'y', 'ww': 'w', 'uo': 'w',
};

/** The same for the Russian voice, which doubles the letters of soft consonants and of stressed vowels. */
const RUSSIAN: Readonly<Record<string, string>> = {
  'pau': 'sil', 'aa': 'aa', 'a': 'ah', 'ay': 'ah', 'ae': 'ae', 'ee': 'eh', 'e': 'eh', 'ei': 'ih', 'ii': 'iy', 'i': 'iy', 'yy': 'ih', 'y': 'ih', 'oo': 'ao', 'o': 'o', 'uu': 'uw', 'u': 'uw', 'ur': 'uh',
  'r': 'dx', 'rr': 'dx', 'c': 's', 'ch': 'ch', 'sch': 'sh', 'sh': 'sh', 'zh': 'zh', 'h': 'hh', 'hh': 'hh', 'x': 'hh', 'j': 'y', 'jj': 'y',
};

/** The same for the Hindi voice: capitals and doubled letters are retroflex, an h behind a letter is breath. */
const HINDI: Readonly<Record<string, string>> = {
  'pau': 'sil', '@': 'ax', 'a': 'ax', 'aa': 'aa', 'ih': 'ih', 'iy': 'iy', 'uh': 'uh', 'uw': 'uw', 'eh': 'eh', 'ee': 'eh', 'ay': 'ae', 'oh': 'o', 'oo': 'o', 'aw': 'ao', 'w': 'w', 'kh': 'k', 'gh': 'g',
  'T': 't', 'D': 'd', 'N': 'n', 'th': 't', 'dh': 'd', 'tth': 't', 'td': 't', 'ddh': 'd', 'bh': 'b', 'L': 'l', 'R': 'dx', 'r': 'dx', 'j': 'jh', 'h': 'hh', 'x': 'k', 'ph': 'p',
};

/** Returns the name in `PHONES` of a phone of one of these voices; marks of stress, length and palatalisation do not count. */
export function fromFestival(phone: string, language: FestivalVoice['language']): string {
  const bare = phone.replace(/[:~\d]+$/u, '');
  if (language === 'hi') {
    return HINDI[bare] ?? bare;
  }
  if (language === 'ru') {
    return RUSSIAN[bare] ?? (/^(.)\1$/u.test(bare) ? bare.slice(1) : bare);
  }
  return PHONES[bare] ?? bare;
}

/** Returns what a voice is to say: an English sentence, or made-up words of its own letters. */
export function textFor(voice: FestivalVoice, random: Random): string {
  if (voice.language === 'en') {
    return makeSentence('en', random);
  }
  const syllables: Syllables = SYLLABLES[voice.language];
  const words = Array.from({ length: Math.floor(random.between(4, 9)) }, () => {
    const word = Array.from({ length: Math.floor(random.between(1, 4)) }, () => pick(syllables.onsets, random) + pick(syllables.vowels, random)).join('');
    return word + (random.chance(0.3) ? pick(syllables.codas, random) : '') + (random.chance(0.12) ? ',' : '');
  });
  return `${words.join(' ').replace(/,$/u, '')}.`;
}
