import type { Random } from '../../../src/motion/random.ts';

/** Words of one language by what they may stand for in a sentence. */
type Lexicon = Readonly<Record<string, readonly string[]>>;

/** Turns one string of words into a list. */
const words = (text: string): readonly string[] => text.split(' ');

const ENGLISH: Lexicon = {
  name: words('Bob Emma Martha Victor Philip Mabel Paul Wendy Oliver Fiona George Hugh Robin Charlotte Amy Ethan Zoe Vivian Yvonne Isaac'),
  thing: words('boat map lamp fork bubble apple mushroom window shovel garage oven photo river bottle pillow feather camera button bridge package carpet wheel basket ladder violin beam plum envelope shoe balloon museum harbour puppy orange onion moth drum farm hammer thumb glove roof cup bowl spoon newspaper vase curb wolf cube yacht club tube cab rib web robe tub globe crab soup shop stove leaf wave moose goose book foot boot owl coat phone note moon road law door board fork corner ball'),
  place: words('village market museum kitchen valley bathroom farm office forest garden church airport beach tower bakery theatre school mountain library workshop'),
  quality: words('blue huge warm loud heavy quiet brave purple soft round narrow famous empty fuzzy bitter smooth modern awful wooden yellow thin rough cheap rapid proper moist vague plump slow good whole low own cool lower smaller'),
  act: words('bring move buy paint leave follow repair borrow open drop prove choose push fill measure wash provide bake pull approve lift shave refuse wrap throw join'),
  did: words('brought moved bought painted left followed repaired borrowed opened dropped proved chose pushed filled measured washed provided baked pulled approved lifted refused wrapped threw joined'),
  when: ['this morning', 'before noon', 'on Monday', 'every evening', 'at half past five', 'in February', 'a moment ago', 'after the film', 'by the way', 'all of a sudden', 'from time to time', 'in the summer', 'twelve weeks ago'],
  how: words('slowly quickly quietly perhaps usually finally cheerfully barely bravely together above obviously simply hopefully improperly'),
  number: ['two', 'three', 'four', 'five', 'seven', 'eleven', 'fifteen', 'forty', 'seventy-five', 'one hundred and twelve', 'a thousand', 'nine', 'zero', 'six'],
  small: words('yes no maybe please thanks hello goodbye welcome sorry wonderful okay now alright sure why where whom'),
};

const ENGLISH_PATTERNS: readonly string[] = [
  '{name} {did} the {quality} {thing} {when}.',
  'Could you {act} {number} {thing}s for {name}?',
  'We {did} a {thing} and a {quality} {thing} near the {place}.',
  '{small}, I will {act} the {thing} {when}.',
  'Why would {name} {act} my {quality} {thing}?',
  'The {quality} {place} was above the {quality} {place}.',
  'Nobody {how} {did} these {quality} {thing}s.',
  '{number}, {number}, {number}, and {number}.',
  'Go home, you two, and show us who owns the {thing}.',
  'Call {name}, or walk to the {place} before four o\'clock.',
  'They rob {thing}s and grab the {quality} {thing}.',
  'You may {act} it {how}, but {name} may not.',
  '{when}, both of them {did} the {thing} in the {place}.',
  'How {quality} is the {thing} by the {place}?',
  'Please {act} me a {thing}, {small}.',
  'I have {number} {quality} {thing}s, and they move {how}.',
  'She {how} {did} {name}, who would {act} the {place}.',
  'If you {act} the {thing}, the {place} looks {quality}.',
  'That {thing} of yours is {quality}, {quality}, and {quality}.',
  'Our {place} has {number} rooms, a {thing}, and a view.',
  '{small}. {small}. {name} {did} us {when}.',
  'Oh, what a {quality} {thing}! Who {did} it?',
  'Push the {thing} over there, and shut up the {place}.',
];

const MANDARIN: Lexicon = {
  who: words('我 你 他们 妈妈 爸爸 老师 小明 朋友 医生 我们 姑娘 服务员'),
  thing: words('苹果 葡萄 面包 白菜 木头 飞机 办法 地图 茶壶 衣服 书包 电话 雨伞 手表 牛奶 鱼 报纸 房子 火车 毛笔 米饭 女儿'),
  place: words('北京 公园 学校 饭馆 医院 图书馆 码头 后面 上海 车站 房间 门口'),
  act: words('买 卖 看 吃 放 帮 写 跑 送 摸 排 拍 喝 找 洗 保护 访问 发现'),
  quality: words('漂亮 方便 白 便宜 胖 麻烦 舒服 安全 古老 普通 圆 热闹 绿'),
  when: words('今天 明天 晚上 八点半 五月 去年 现在 不久以后 每天早上 星期日'),
};

const MANDARIN_PATTERNS: readonly string[] = [
  '{who}{when}在{place}{act}{thing}。', '请把{thing}放在{place}，好吗？', '{who}的{thing}非常{quality}。', '{when}{who}和{who}一起{act}了{thing}。',
  '你为什么不{act}{thing}？', '{place}的{thing}又{quality}又{quality}。', '不是{thing}，是{thing}。', '{when}，{who}想去{place}{act}{quality}的{thing}。',
];

const CANTONESE: Lexicon = {
  who: words('我 你 佢哋 媽媽 爸爸 老師 朋友 醫生 我哋 阿妹'),
  thing: words('蘋果 菠蘿 麵包 白菜 飛機 地圖 茶壺 衫 書包 電話 雨遮 手錶 牛奶 魚 報紙 屋 火車 飯'),
  place: words('香港 公園 學校 飯店 醫院 圖書館 碼頭 後面 車站 房 門口'),
  act: words('買 賣 睇 食 放 幫 寫 送 摸 影 飲 搵 洗 保護'),
  quality: words('靚 方便 白 平 肥 麻煩 舒服 安全 古老 普通 圓 熱鬧'),
  when: words('今日 聽日 夜晚 八點半 五月 舊年 而家 遲啲 朝早'),
};

const CANTONESE_PATTERNS: readonly string[] = [
  '{who}{when}喺{place}{act}{thing}。', '唔該將{thing}放喺{place}呀。', '{who}嘅{thing}好{quality}。', '{when}{who}同{who}一齊{act}{thing}。',
  '你點解唔{act}{thing}？', '{place}嘅{thing}又{quality}又{quality}。', '唔係{thing}，係{thing}。',
];

const LANGUAGES = {
  en: { lexicon: ENGLISH, patterns: ENGLISH_PATTERNS },
  cmn: { lexicon: MANDARIN, patterns: MANDARIN_PATTERNS },
  yue: { lexicon: CANTONESE, patterns: CANTONESE_PATTERNS },
} as const;

/** Languages that sentences are made in. */
export type Language = keyof typeof LANGUAGES;

/** Share of English sentences whose words are made up: every consonant between every two vowels, so that no sound is known by its word. */
const MADE_UP_SHARE = 0.4;

const ONSETS = words('p b m p b m t d n k g l r s z f v w h y sh ch j th n d k g l pl bl br kr gl tr dr fl sm sn sk sp st kw sw');
const NUCLEI = words('a e i o u ee oo ai oa ow ay ea ar or er au ou oy');
const CODAS = words('p b m t d n k g l f v s z sh ch ng th n d k m nd mp nt lk st bs ps ms bed pt');

/** Returns English letters that are read as words of one to three syllables. */
function madeUpWord(random: Random): string {
  const syllables = Array.from({ length: Math.floor(random.between(1, 3.5)) }, () => pick(ONSETS, random) + pick(NUCLEI, random));
  return syllables.join('') + (random.chance(0.6) ? pick(CODAS, random) : '');
}

function madeUpSentence(random: Random): string {
  const spoken = Array.from({ length: Math.floor(random.between(4, 9)) }, () => madeUpWord(random) + (random.chance(0.1) ? ',' : ''));
  return `${spoken.join(' ').replace(/,$/u, '')}${random.chance(0.2) ? '?' : '.'}`;
}

/**
 * Makes a sentence from this project's own patterns and words, or, in English, from made-up words;
 * it need not make sense, only hold every sound in many neighbourhoods.
 */
export function makeSentence(language: Language, random: Random): string {
  if (language === 'en' && random.chance(MADE_UP_SHARE)) {
    return madeUpSentence(random);
  }
  const { lexicon, patterns } = LANGUAGES[language];
  return pick(patterns, random).replaceAll(/\{(\w+)\}/gu, (_, part: string) => pick(lexicon[part] ?? [], random));
}

/** Returns one of a list by chance. Throws when the list is empty. */
export function pick<T>(list: readonly T[], random: Random): T {
  const chosen = list[Math.floor(random.between(0, list.length))];
  if (chosen === undefined) {
    throw new RangeError('The list to choose from is empty.');
  }
  return chosen;
}
