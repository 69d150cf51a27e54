import type { NetworkWidths } from './network-widths.ts';
import { expNetGraph, face3dGraph, mappingGraph, portraitGraph, poseVaeGraph, renderGraph } from './pack-graphs.ts';
import { namePoseVaeTraining } from './networks/pose-vae.ts';
import { type TensorSource, WeightScope, asUnused } from './weight-scope.ts';
import { InvalidStateError } from '../base/errors.ts';

/** One tensor of a checkpoint. */
export interface CatalogueEntry {
  readonly shape: readonly number[];
  /** True where a graph is built from it; false where official files hold it and no graph needs it. */
  readonly needed: boolean;
}

/** Tensors of a checkpoint by their official names. */
export type TensorCatalogue = ReadonlyMap<string, CatalogueEntry>;

/** Image size the shapes are recorded at; no tensor's shape depends on it. */
const ANY_SIZE = 256;

/** Returns the tensors of the main checkpoint (renderer, keypoint detector, audio and face networks), recorded from the networks' own definitions. */
export function mainCatalogue(widths: NetworkWidths): TensorCatalogue {
  return record((source) => {
    const form = { source, widths, precision: 'fp32' } as const;
    portraitGraph(form, ANY_SIZE);
    renderGraph(form, { size: ANY_SIZE });
    expNetGraph(form);
    poseVaeGraph(form);
    face3dGraph(form);
    namePoseVaeTraining(new WeightScope(asUnused(source), 'audio2pose'));
  });
}

/** Returns the tensors of a mapping checkpoint for windows of so many coefficients. */
export function mappingCatalogue(widths: NetworkWidths, coefficients: number): TensorCatalogue {
  return record((source) => { mappingGraph({ source, widths, precision: 'fp32' }, coefficients); });
}

function record(build: (source: TensorSource) => void): TensorCatalogue {
  const entries = new Map<string, CatalogueEntry>();
  const note = (name: string, entry: CatalogueEntry): void => {
    const known = entries.get(name);
    if (known !== undefined && known.shape.join() !== entry.shape.join()) {
      throw new InvalidStateError(`${name} is used as ${known.shape.join(' × ')} and as ${entry.shape.join(' × ')}.`);
    }
    entries.set(name, { shape: entry.shape, needed: entry.needed || (known?.needed ?? false) });
  };
  build({
    tensor: (name, shape) => {
      note(name, { shape, needed: true });
      return { shape, read: () => { throw new InvalidStateError(`${name} is only recorded here.`); } };
    },
    unused: (name, shape) => { note(name, { shape, needed: false }); },
  });
  return entries;
}
