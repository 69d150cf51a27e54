import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { AvatarError } from '../base/errors.ts';
import { PREPROCESS_MODES } from '../avatars/sadtalker/neural-portrait.ts';
import { VIDEO_CODECS } from '../base/encoded-unit.ts';
import { MOST_RENDER_THREADS } from '../packs/built-in-pack.ts';
import { HEAD_STYLES, PACK_NAMES } from '../packs/face-pack.ts';
import { DEVICE_CHOICES } from '../packs/sadtalker-pack.ts';
import { isPortRange } from '../transport/peer-options.ts';
import { hostName } from './host-guard.ts';

const port = z.int().min(0).max(65_535);

/** An origin as browsers write it; a slash behind it or the scheme's own port does no harm. */
const origin = z.url().regex(/^[^/]+:\/\/[^/?#]+\/?$/, 'expected an origin like https://example.com').transform((text) => {
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
});

/** Schema of the settings; config/orator.yaml explains each and holds the same defaults (a test compares them). */
export const configSchema = z.strictObject({
  server: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: port.default(8080),
    allowedOrigins: z.array(origin).default([]),
    allowedHosts: z.array(z.string().min(1).transform(hostName)).default([]),
    trustProxy: z.boolean().default(false),
    requestsPerMinute: z.int().min(1).default(300),
  }).prefault({}),
  sessions: z.strictObject({
    max: z.int().min(1).max(1000).default(8),
    unconnectedS: z.number().min(1).default(30),
    idleS: z.number().min(1).default(900),
    totalS: z.number().min(1).default(14_400),
    silenceS: z.number().min(1).max(60).default(4),
    finishS: z.number().min(0).max(60).default(5),
    assured: z.int().min(1).max(1000).default(2),
    cpuShare: z.number().min(0.1).max(1).default(0.9),
  }).prefault({}),
  webrtc: z.strictObject({
    iceServers: z.array(z.strictObject({
      urls: z.string().regex(/^(stun|turn)s?:/),
      username: z.string().optional(),
      credential: z.string().optional(),
    })).default([]),
    portMin: port.default(0),
    portMax: port.default(0),
    publicAddress: z.union([z.literal(''), z.ipv4(), z.ipv6()]).default(''),
    allInterfaces: z.boolean().default(false),
  }).prefault({}),
  video: z.strictObject({
    codecs: z.array(z.enum(VIDEO_CODECS)).min(1).default([...VIDEO_CODECS]),
    startKbps: z.int().min(100).max(20_000).default(1000),
    minKbps: z.int().min(50).max(20_000).default(150),
    maxKbps: z.int().min(100).max(20_000).default(2500),
  }).prefault({}),
  speech: z.strictObject({
    voice: z.string().min(1).default('en+f3'),
    maxTextChars: z.int().min(1).max(100_000).default(2000),
    maxQueuedMs: z.int().min(1000).max(600_000).default(60_000),
    pipelineMs: z.int().min(180).max(1000).multipleOf(20).default(200),
  }).prefault({}),
  avatars: z.strictObject({
    folder: z.string().min(1).default('data/avatars'),
    default: z.string().min(1).default('astronaut'),
    max: z.int().min(0).max(100_000).default(100),
    maxUploadMb: z.number().min(0.1).max(100).default(20),
  }).prefault({}),
  face: z.strictObject({
    pack: z.enum(PACK_NAMES).default('built-in'),
    style: z.enum(HEAD_STYLES).default('lively'),
  }).prefault({}),
  sadtalker: z.strictObject({
    folder: z.string().min(1).default('models/sadtalker'),
    device: z.enum(DEVICE_CHOICES).default('auto'),
    precision: z.enum(['auto', 'fp16', 'fp32']).default('auto'),
    size: z.union([z.literal(256), z.literal(512)]).default(256),
    preprocess: z.enum(PREPROCESS_MODES).default('full'),
    batch: z.int().min(1).max(16).default(4),
    threads: z.int().min(0).max(64).default(0),
    leastFps: z.number().min(0).max(25).default(25),
  }).prefault({}),
  render: z.strictObject({
    threads: z.int().min(0).max(MOST_RENDER_THREADS).default(0),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  }).prefault({}),
}).refine(({ webrtc }) => isPortRange(webrtc.portMin, webrtc.portMax), { message: '1 ≤ portMin < portMax does not hold, nor are both 0', path: ['webrtc', 'portMin'] })
  .refine(({ video }) => video.minKbps <= video.startKbps && video.startKbps <= video.maxKbps, { message: 'minKbps ≤ startKbps ≤ maxKbps does not hold', path: ['video', 'startKbps'] });

/** The settings, frozen. */
export type Config = z.infer<typeof configSchema>;

/** Every setting as `section.key`, in order. */
export const CONFIG_KEYS: readonly string[] = Object.freeze(
  Object.entries(configSchema.parse({})).flatMap(([section, keys]) => Object.keys(keys).map((key) => `${section}.${key}`)),
);

/** Returns the environment variable that overrides a setting: `server.allowedHosts` → `ORATOR_SERVER_ALLOWED_HOSTS`. */
export function environmentName(key: string): string {
  return `ORATOR_${key.replace('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads the settings once: file, then environment, then schema.
 * @throws AvatarError `invalid_config` naming the setting, what came and what is allowed.
 */
export async function readConfig(path: string, environment: Readonly<Record<string, string | undefined>>): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AvatarError('invalid_config', `The settings file ${path} cannot be read. Name another with --config.`, { cause });
  });
  return parseConfig(parseYaml(text, `The settings file ${path}`) ?? {}, environment);
}

function parseYaml(text: string, what: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AvatarError('invalid_config', `${what} is no valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Checks settings against the schema, with the environment on top, and freezes them.
 * @throws AvatarError `invalid_config`.
 */
export function parseConfig(settings: unknown, environment: Readonly<Record<string, string | undefined>> = {}): Config {
  const result = configSchema.safeParse(withEnvironment(settings, environment));
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    // A variable holds a whole setting, also where a part of it is wrong.
    const setting = path.slice(0, 2).join('.');
    const variable = CONFIG_KEYS.includes(setting) ? ` or in ${environmentName(setting)}` : '';
    throw new AvatarError('invalid_config', `The setting ${path.join('.') || '(top level)'} is wrong: ${message}. Mend it in the settings file${variable}.`);
  }
  return deeplyFrozen(result.data);
}

function deeplyFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deeplyFrozen);
    Object.freeze(value);
  }
  return value;
}

function withEnvironment(settings: unknown, environment: Readonly<Record<string, string | undefined>>): unknown {
  if (typeof settings !== 'object' || settings === null) {
    return settings;
  }
  // A section in which every line is a comment says nothing, which YAML reads as null.
  const merged: Record<string, unknown> = Object.fromEntries(Object.entries(settings).filter(([name, section]) => section !== null || !Object.hasOwn(configSchema.shape, name)));
  for (const key of CONFIG_KEYS) {
    const value = environment[environmentName(key)];
    // A variable without a value counts as unset: that is how files of variables leave one open.
    if (value === undefined || value === '') {
      continue;
    }
    const [section, name] = key.split('.') as [string, string];
    const old = merged[section];
    merged[section] = { ...(typeof old === 'object' ? old : {}), [name]: fromText(key, value) };
  }
  return merged;
}

/** Lists are comma-separated (iceServers: YAML); everything else is read as the YAML scalar it looks like, addresses as text. */
function fromText(key: string, text: string): unknown {
  const defaults = configSchema.parse({}) as Record<string, Record<string, unknown>>;
  const [section, name] = key.split('.') as [string, string];
  const example = defaults[section]?.[name];
  if (Array.isArray(example) && key !== 'webrtc.iceServers') {
    return text.split(',').map((item) => item.trim()).filter((item) => item !== '');
  }
  return typeof example === 'string' ? text : parseYaml(text, `The environment variable ${environmentName(key)}`);
}
