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
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}\uFFFD]|[\uFE0E\uFE0F]|\u20E3/gu, '')
    .replace(/(?![©®™‼⁉ℹ↔])[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]/gu, ' ')
    .replace(/^[ ]*(?:#{1,6}|[-*+>])[ ]+/gmu, '')
    .replace(/\*\*|__|`+/gu, '')
    .replace(/[ \u00A0]+/gu, ' ')
    .replace(/ ?\n[ \n]*/gu, '\n')
    .trim();
}
