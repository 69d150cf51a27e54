import { readFile } from 'node:fs/promises';

/** One spoken phone, in seconds, in ARPAbet. */
export interface SpokenPhone {
  readonly t0: number;
  readonly t1: number;
  readonly ph: string;
}

/** Phones of each group that is scored. */
export const PHONE_GROUPS = {
  silence: new Set(['sil', 'pau', '<sil>', 'sp', 'spn', '']),
  closed: new Set(['p', 'b', 'm', 'em']),
  openVowels: new Set(['aa', 'ae', 'ah', 'ao', 'aw', 'ay']),
  closeVowels: new Set(['iy', 'ih', 'uw', 'uh', 'ix']),
  rounded: new Set(['uw', 'ow', 'w']),
  spread: new Set(['iy', 'eh', 'ae']),
} as const;

/** How far the lips part for each phone, in mm: the reference that openness is held against. What is not named counts as 3. */
const OPENNESS_MM: Readonly<Record<string, number>> = {
  '<sil>': 0, 'sil': 0, 'pau': 0, 'sp': 0, 'p': 0, 'b': 0, 'm': 0, 'em': 0, 'f': 1, 'v': 1, 'w': 2.5, 'uw': 3, 'uh': 4, 's': 2.5, 'z': 2.5, 'sh': 3, 'zh': 3, 'ch': 3, 'jh': 3,
  't': 3, 'd': 3, 'n': 3, 'dx': 3, 'en': 3, 'th': 3, 'dh': 3, 'l': 4.5, 'el': 4.5, 'r': 3.5, 'y': 3.5, 'k': 4.5, 'g': 4.5, 'ng': 4.5, 'hh': 5,
  'iy': 4, 'ih': 4.5, 'ix': 4.5, 'ey': 6, 'er': 5, 'axr': 5, 'ax': 5.5, 'eh': 7.5, 'ow': 6.5, 'oy': 6.5, 'ah': 8, 'ae': 10, 'ao': 9.5, 'ay': 10, 'aw': 10, 'aa': 11.5,
};

const USUAL_MM = 3;

/** The curve is smoothed with a Hann window of so many steps of 10 ms: 130 ms. */
const SMOOTHING_STEPS = 13;

/** Classes of the eight-way comparison, after headaudio's fifteen visemes. */
const CLASSES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries({
  silence: 'sil pau <sil> sp spn', closed: 'p b m em', lipTeeth: 'f v', teeth: 's z sh zh ch jh th dh t d dx n en ng', back: 'k g hh r er axr l el',
  round: 'ao ow oy uh uw w', spread: 'eh ey ih ix iy y', open: 'aa ae ah ax aw ay',
}).flatMap(([name, phones]) => phones.split(' ').map((phone) => [phone, name])));

/** Reads the phones beside a recording: `{ phones: [{ t0, t1, ph }] }` or `[[t0, t1, ph], …]`. Throws a TypeError on anything else. */
export async function readPhones(file: string): Promise<SpokenPhone[]> {
  const read = JSON.parse(await readFile(file, 'utf8')) as unknown;
  const rows: readonly unknown[] | undefined = Array.isArray(read) ? read : (read as { phones?: unknown[] }).phones;
  if (rows === undefined) {
    throw new TypeError(`${file} holds no phones. Expected { "phones": [{ "t0", "t1", "ph" }] } or [[t0, t1, ph], …].`);
  }
  return rows.map((row) => {
    const { t0, t1, ph } = (Array.isArray(row) ? { t0: row[0], t1: row[1], ph: row[2] } : row) as Record<string, unknown>;
    if (typeof t0 !== 'number' || typeof t1 !== 'number' || typeof ph !== 'string') {
      throw new TypeError(`${file}: a phone is { t0, t1, ph }, not ${JSON.stringify(row)}.`);
    }
    return { t0, t1, ph: ph.toLowerCase().replace(/[\d_]+$/u, '') };
  });
}

/** Returns the name of the class that is heard at a time; silence outside all phones. */
export function classAt(phones: readonly SpokenPhone[], seconds: number): string {
  const phone = phones.find(({ t0, t1 }) => t0 <= seconds && seconds < t1);
  return phone === undefined ? 'silence' : CLASSES[phone.ph] ?? 'unknown';
}

/** Returns how far the lips should part in each video frame, in mm: the phones' table, smoothed, taken in the frame's middle. */
export function opennessCurve(phones: readonly SpokenPhone[], frames: number): Float32Array {
  const steps = Float32Array.from({ length: frames * 4 }, (_, step) => {
    const seconds = (step + 0.5) / 100;
    const phone = phones.find(({ t0, t1 }) => t0 <= seconds && seconds < t1);
    return phone === undefined ? 0 : OPENNESS_MM[phone.ph] ?? USUAL_MM;
  });
  return Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    let weights = 0;
    for (let at = -(SMOOTHING_STEPS - 1) / 2; at <= (SMOOTHING_STEPS - 1) / 2; at++) {
      const weight = 0.5 + 0.5 * Math.cos((2 * Math.PI * at) / (SMOOTHING_STEPS + 1));
      const middle = 4 * frame + 1.5 + at;
      sum += weight * ((steps[Math.floor(middle)] ?? 0) + (steps[Math.ceil(middle)] ?? 0)) * 0.5;
      weights += weight;
    }
    return sum / weights;
  });
}
