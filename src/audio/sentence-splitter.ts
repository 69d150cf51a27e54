/** Longest piece to speak in one go, in letters of an alphabet: about eight seconds. */
const LONGEST = 120;

/** How many letters a Chinese character, a kana or a Korean syllable stands for. */
const WIDE = 4;

/** Words that end with a full stop in the middle of a sentence, without it. */
const ABBREVIATIONS = new Set([
  'mr', 'mrs', 'ms', 'dr', 'prof', 'st', 'sr', 'jr', 'rev', 'gen', 'col', 'capt', 'lt', 'sgt', 'hon', 'vs', 'approx', 'dept',
  'fig', 'vol', 'pp', 'ca', 'cf', 'e.g', 'i.e', 'jan', 'feb', 'mar', 'apr', 'jun', 'jul', 'aug', 'sep', 'sept', 'oct', 'nov', 'dec',
]);

/** Ends of sentences that stand for nothing else, whatever follows: Chinese and Japanese, Indic, Urdu and Arabic, Armenian, Ethiopic, Burmese. */
const CERTAIN_ENDS = '。！？；…｡।॥۔؟։።။';
const LATIN_ENDS = '.!?';
const CLOSERS = '"\'”’」』》）)]';
const PAUSES = ',;:，、：；—–،؛፣';

/** Characters that are read as a syllable or more. */
const IS_WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Says whether the full stop at the end of `before` ends no sentence: "Dr.", "J.", "e.g.". */
function isAbbreviated(before: string, next: string): boolean {
  // No abbreviation is longer than this.
  const word = /(?:^|[\s("'“‘])([\p{L}.]+)\.$/u.exec(before.slice(-16))?.[1];
  if (word === undefined) {
    return false;
  }
  return ABBREVIATIONS.has(word.toLowerCase()) || (/^\p{Lu}$/u.test(word) && word !== 'I') || (/^(?:\p{L}\.)+\p{L}$/u.test(word) && /^\p{Ll}/u.test(next));
}

/** Cuts one line after each sentence; every character stays in some sentence. */
function sentencesOfLine(line: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (let at = 0; at < line.length; at++) {
    const certain = CERTAIN_ENDS.includes(line[at]!);
    if (!certain && !LATIN_ENDS.includes(line[at]!)) {
      continue;
    }
    let end = at + 1;
    while (end < line.length && (CERTAIN_ENDS + LATIN_ENDS + CLOSERS).includes(line[end]!)) {
      end += 1;
    }
    const after = line.slice(end);
    const ends = certain || after === '' || (/^\s/u.test(after) && !(line[at] === '.' && isAbbreviated(line.slice(start, at + 1), after.trimStart())));
    if (ends) {
      sentences.push(line.slice(start, end));
      start = end;
    }
    at = end - 1;
  }
  sentences.push(line.slice(start));
  return sentences;
}

/** Returns where to cut a sentence that is too long: after the last pause, else at the last space, else anywhere between characters. At its end when it is not. */
function cutAt(sentence: string): number {
  let length = 0;
  let pause = 0;
  let space = 0;
  let at = 0;
  for (const character of sentence) {
    length += IS_WIDE.test(character) ? WIDE : 1;
    if (length > LONGEST) {
      return pause > at / 3 ? pause : space > 0 ? space : at;
    }
    at += character.length;
    const next = sentence[at] ?? '';
    // A comma inside a number (1,000) is followed by a digit.
    if (PAUSES.includes(character) && !/\d/u.test(next)) {
      pause = at;
    } else if (character === ' ') {
      space = at;
    }
  }
  return at;
}

/**
 * Cuts a text into pieces to speak one after the other: its sentences (by the punctuation of most scripts and line breaks;
 * not at abbreviations, initials or decimals), those longer than about eight seconds at a comma or a space.
 */
export function splitSentences(text: string): string[] {
  const pieces: string[] = [];
  for (const line of text.split('\n')) {
    for (const sentence of sentencesOfLine(line)) {
      for (let rest = sentence.trim(); rest !== '';) {
        const at = cutAt(rest);
        pieces.push(rest.slice(0, at).trim());
        rest = rest.slice(at).trim();
      }
    }
  }
  return pieces.filter((piece) => /[\p{L}\p{N}\p{S}]/u.test(piece));
}
