import { z } from 'zod';
import { PREPROCESS_MODES } from './avatars/sadtalker/neural-portrait.ts';
import { POSE_STYLES } from './base/coefficient-layout.ts';
import { AvatarError } from './base/errors.ts';
import { HEAD_STYLES, PACK_NAMES } from './packs/face-pack.ts';

/** Options of `orator render` for `parseArgs`; those of SadTalker have the reference's names. */
export const FILM_FLAGS = {
  pack: { type: 'string' }, seed: { type: 'string' }, style: { type: 'string' },
  preprocess: { type: 'string' }, size: { type: 'string' }, still: { type: 'boolean' }, pose_style: { type: 'string' },
  expression_scale: { type: 'string' }, input_yaw: { type: 'string' }, input_pitch: { type: 'string' }, input_roll: { type: 'string' },
  batch_size: { type: 'string' }, ref_pose: { type: 'string' }, ref_eyeblink: { type: 'string' },
} as const;

/** Flags that take a list of angles, separated by spaces as in the reference, or by commas. */
const LIST_FLAGS = ['--input_yaw', '--input_pitch', '--input_roll'];

const anglesDeg = z.string().transform((text) => text.split(',').map(Number)).pipe(z.array(z.number().min(-90).max(90)).min(1).max(1000)).optional();

const schema = z.object({
  pack: z.enum(PACK_NAMES).optional(),
  seed: z.coerce.number().int().min(0).max(2 ** 32 - 1).default(1),
  style: z.enum(HEAD_STYLES).default('lively'),
  preprocess: z.enum(PREPROCESS_MODES).default('crop'),
  size: z.coerce.number().pipe(z.union([z.literal(256), z.literal(512)])).default(256),
  still: z.boolean().default(false),
  pose_style: z.coerce.number().int().min(0).max(POSE_STYLES - 1).default(0),
  expression_scale: z.coerce.number().min(0).max(3).default(1),
  input_yaw: anglesDeg, input_pitch: anglesDeg, input_roll: anglesDeg,
  batch_size: z.coerce.number().int().min(1).max(16).default(2),
  ref_pose: z.string().min(1).optional(),
  ref_eyeblink: z.string().min(1).optional(),
});

/** What the options of `orator render` say, with the reference's defaults. */
export type FilmArguments = z.infer<typeof schema>;

/**
 * Checks the options of `orator render`.
 * @throws AvatarError `invalid_request` naming the option.
 */
export function filmArguments(values: Readonly<Record<string, unknown>>): FilmArguments {
  const result = schema.safeParse(values);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new AvatarError('invalid_request', `The option --${issue.path.join('.')} is wrong: ${issue.message}.`);
  }
  return result.data;
}

/** Returns a command line in which the angles of a list are one argument: `--input_yaw -20 30` becomes `--input_yaw=-20,30`. */
export function joinAngleLists(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    const angles: string[] = [];
    while (LIST_FLAGS.includes(argument) && /^-?\d+(\.\d+)?$/.test(args[index + 1] ?? '')) {
      index += 1;
      angles.push(args[index]!);
    }
    joined.push(angles.length > 0 ? `${argument}=${angles.join(',')}` : argument);
  }
  return joined;
}
