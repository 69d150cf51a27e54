import { AvatarError } from '../base/errors.ts';
import type { StoredTensors } from './stored-tensor.ts';
import { isFloat, readFloats } from './stored-tensor.ts';
import type { TensorCatalogue } from './tensor-catalogue.ts';
import type { TensorSource } from './weight-scope.ts';

/** Names listed in one message; more are counted. */
const LISTED = 5;

/**
 * Checks a checkpoint's tensors against the catalogue: every needed one is there with its shape as floats, none is there
 * that the catalogue does not know.
 * @throws AvatarError `invalid_checkpoint` that names what is missing, of another shape, of whole numbers, or unknown.
 */
export function checkTensors(path: string, tensors: StoredTensors, catalogue: TensorCatalogue): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const whole: string[] = [];
  for (const [name, { shape, needed }] of catalogue) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      missing.push(...(needed ? [name] : []));
    } else if (tensor.shape.join() !== shape.join()) {
      misshapen.push(`${name} is ${tensor.shape.join(' × ') || 'one number'} and should be ${shape.join(' × ') || 'one number'}`);
    } else if (needed && !isFloat(tensor.type)) {
      whole.push(`${name} is ${tensor.type}`);
    }
  }
  const unknown = [...tensors.keys()].filter((name) => !catalogue.has(name));
  const complaints = [complaint('missing', missing), complaint('of another shape', misshapen), complaint('without fractions', whole), complaint('unknown', unknown)].filter((text) => text !== '');
  if (complaints.length > 0) {
    throw new AvatarError('invalid_checkpoint', `${path} is not the official file; tensors ${complaints.join('; ')}.`);
  }
}

function complaint(kind: string, names: readonly string[]): string {
  if (names.length === 0) {
    return '';
  }
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${kind}: ${names.slice(0, LISTED).join(', ')}${more}`;
}

/** Returns checked tensors as a source of weights for the networks. */
export function checkpointSource(...checkpoints: readonly StoredTensors[]): TensorSource {
  return {
    tensor: (name, shape) => {
      const tensor = checkpoints.map((each) => each.get(name)).find((found) => found !== undefined);
      if (tensor?.shape.join() !== shape.join()) {
        throw new TypeError(`${name} of shape ${shape.join(' × ')} is not in the checkpoint; check it first.`);
      }
      return { shape, read: () => readFloats(tensor) };
    },
    unused: () => undefined,
  };
}
