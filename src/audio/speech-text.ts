/** Joiners where they change how a word is read: behind a letter or sign of a script that writes with them. */
const JOINER = String.raw`(?<=[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Knda}\p{scx=Mlym}\p{scx=Orya}\p{scx=Sinh}\p{scx=Taml}\p{scx=Telu}])[\u200C\u200D]`;

/** Characters that nobody hears: control characters and invisible ones, but for joiners and line breaks. */
const SILENT = new RegExp(String.raw`(?!${JOINER}|\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\uFFFD]|[\uFE0E\uFE0F]|\u20E3`, 'gu');

/**
 * Returns a text as it can be read aloud: control and invisible characters, pictographs and Markdown's marks of emphasis,
 * code and headings are taken out, runs of spaces become one; line breaks stay.
 */
export function readableText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?|[\u2028\u2029]/gu, '\n')
    .replace(/[\t\v\f]/gu, ' ')
    .replace(SILENT, '')
    .replace(/(?![©®™‼⁉ℹ↔])[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]/gu, ' ')
    .replace(/^[ ]*(?:#{1,6}|[-*+>])[ ]+/gmu, '')
    .replace(/\*\*|__|`+/gu, '')
    .replace(/[ \u00A0]+/gu, ' ')
    .replace(/ ?\n[ \n]*/gu, '\n')
    .trim();
}
