/** A piece of text and the language it is to be read in. */
export interface ScriptRun {
  readonly text: string;
  /** A Chinese language, or undefined for the voice's own. */
  readonly language: 'cmn' | 'yue' | undefined;
}

const HAN = /\p{Script=Han}/u;

/** Chinese characters, what stands between them (digits, spaces, punctuation) and what follows of their own punctuation. */
const HAN_RUN = /\p{Script=Han}(?:[\p{Script=Han}\p{N}\p{P}\s]*[\p{Script=Han}\p{N}\u3000-\u303F\uFF00-\uFFEF.!?…])?/gu;

/** Characters that are written in Cantonese and hardly ever in Mandarin (there 係 stands only in 關係). */
const CANTONESE = /(?<!關)係|[嘅咗唔哋喺嚟冇佢啲嗰噉咁嘢嗮喎囉啩攞睇瞓畀揾]/u;

/** Languages that read Chinese characters in their own way. */
const READS_HAN = new Set(['cmn', 'yue', 'zh', 'hak', 'ja']);

/** Says whether the text looks like written Cantonese. */
export function looksCantonese(text: string): boolean {
  return CANTONESE.test(text);
}

/**
 * Splits a sentence for a voice of some language (a BCP 47 tag): runs of Chinese characters go to Cantonese when `cantonese`
 * is said, else to Mandarin; everything stays together when the voice reads them itself.
 */
export function scriptRuns(sentence: string, { language, cantonese }: { language: string; cantonese: boolean }): ScriptRun[] {
  if (!HAN.test(sentence) || READS_HAN.has(language.split('-')[0]!)) {
    return [{ text: sentence, language: undefined }];
  }
  const runs: ScriptRun[] = [];
  let at = 0;
  for (const match of sentence.matchAll(HAN_RUN)) {
    runs.push({ text: sentence.slice(at, match.index), language: undefined }, { text: match[0], language: cantonese ? 'yue' : 'cmn' });
    at = match.index + match[0].length;
  }
  runs.push({ text: sentence.slice(at), language: undefined });
  return runs.filter(({ text }) => /[\p{L}\p{N}]/u.test(text)).map(({ text, language: chosen }) => ({ text: text.trim(), language: chosen }));
}
