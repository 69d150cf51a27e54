import { type NetworkWidths, OFFICIAL_WIDTHS } from '../../src/models/network-widths.ts';

/** The reduced widths of the goldens. */
export const MINI_WIDTHS: NetworkWidths = Object.freeze({
  ...OFFICIAL_WIDTHS,
  detector: { block: 4, max: 32, volume: 32 },
  detectorDepth: 8,
  appearance: { block: 8, max: 32, volume: 4, residualBlocks: 6 },
  depth: 8,
  motion: { block: 4, max: 32, compressed: 2 },
  decoder: { input: 32, output: 8, hidden: 128 },
  descriptor: 32,
});

/** Side of the reduced network's pictures. */
export const MINI_SIZE = 128;
