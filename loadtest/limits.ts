import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Bounds of one figure. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Bounds by the figure's name. */
export type Limits = Readonly<Record<string, Bounds>>;

const LIMITS_FILE = fileURLToPath(new URL('../config/loadtest.yaml', import.meta.url));

/**
 * Returns the limits of a kind of run from config/loadtest.yaml.
 * @throws Error when the file has no such kind.
 */
export async function readLimits(kind: string): Promise<Limits> {
  const kinds = parse(await readFile(LIMITS_FILE, 'utf8')) as Record<string, Limits>;
  const limits = kinds[kind];
  if (limits === undefined) {
    throw new Error(`${LIMITS_FILE} has no limits "${kind}". It has ${Object.keys(kinds).join(', ')}.`);
  }
  return limits;
}

/**
 * Reads a limit of the command line: `fpsP5>=24.5` or `freezes<=0`.
 * @throws Error for any other form.
 */
export function parseLimit(text: string): [string, Bounds] {
  const match = /^(\w+)(>=|<=)(-?\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) {
    throw new Error(`A limit looks like fpsP5>=24.5 or freezes<=0, not ${text}.`);
  }
  const value = Number(match[3]);
  return [match[1]!, match[2] === '>=' ? { min: value } : { max: value }];
}

/** Returns one sentence for each figure that is outside its bounds, or that was not measured. */
export function missedLimits(figures: Readonly<Record<string, unknown>>, limits: Limits): string[] {
  return Object.entries(limits).flatMap(([name, { min = -Infinity, max = Infinity }]) => {
    const value = figures[name];
    if (typeof value !== 'number' || Number.isNaN(value)) {
      return [`${name} was not measured.`];
    }
    return value < min ? [`${name} is ${value}, under ${min}.`] : value > max ? [`${name} is ${value}, over ${max}.`] : [];
  });
}
