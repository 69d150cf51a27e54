/*
 * `npm run bench`: measures every stage alone, then one whole live session between two processes on loopback.
 * `npm run bench -- --pack sadtalker [--folder FOLDER] [--graphs render,…] [--precisions fp32,fp16] [--threads 1,2] [--batches 1,4]
 * [--runs 3] [--torch PYTHON]`: measures the graphs of an imported pack, beside PyTorch where PYTHON has it.
 * `npm run bench -- --pack sadtalker --film 12 [--folder FOLDER]`: films so many frames with it, and how long the main thread was held up.
 */
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AvatarPreparer } from '../src/avatars/avatar-preparer.ts';
import { MelStream } from '../src/audio/mel-stream.ts';
import { silentLogger } from '../src/base/logger.ts';
import type { MelWindow } from '../src/base/mel-window.ts';
import type { MotionFrame } from '../src/base/motion-frame.ts';
import { Scope } from '../src/base/scope.ts';
import { noStats } from '../src/base/stats.ts';
import type { Stage, Stats } from '../src/base/stats.ts';
import { VideoEncoder } from '../src/encode/video-encoder.ts';
import { VoiceEncoder } from '../src/encode/voice-encoder.ts';
import { FaceMotion } from '../src/motion/face-motion.ts';
import { LipExpressionModel } from '../src/motion/lip-expression-model.ts';
import { WarpRenderer } from '../src/render/warp-renderer.ts';
import { figureOf } from './figures.ts';
import type { Figure } from './figures.ts';
import { reportPackBench } from './pack-bench-report.ts';
import type { PackBenchFlags } from './pack-bench-report.ts';
import { benchPackFilm } from './pack-film-bench.ts';
import { measureSession } from './session-bench.ts';
import { readWavFile } from './wav-file.ts';

const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));
const SPEECH = new URL('speech/cards-005.wav', import.meta.url);
const PORTRAIT = new URL('../models/portraits/astronaut/original.png', import.meta.url);

/** Frames measured per stage, after a quarter as many to warm up. */
const FRAMES = 400;
const WARM_UP_FRAMES = 100;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: {
    json: { type: 'boolean' }, seconds: { type: 'string', default: '60' },
    pack: text, folder: text, graphs: text, precisions: text, threads: text, batches: text, runs: text, torch: text, film: text,
  } });
  if (values.pack !== undefined) {
    await measurePack({ ...values, folder: values.folder ?? join(MODELS_FOLDER, values.pack) });
    return;
  }
  const figures = [...await measureStages(), ...await measureSession({ seconds: Number(values.seconds) })];
  if (values.json === true) {
    console.log(JSON.stringify(figures));
    return;
  }
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`);
  console.log(`${'name'.padEnd(24)}${'median'.padStart(10)}${'p95'.padStart(10)}  unit`);
  for (const { name, unit, median, p95 } of figures) {
    console.log(`${name.padEnd(24)}${String(median).padStart(10)}${String(p95).padStart(10)}  ${unit}`);
  }
}

async function measurePack({ film, ...flags }: PackBenchFlags & { readonly film?: string | undefined }): Promise<void> {
  if (film === undefined) {
    await reportPackBench(flags);
    return;
  }
  const { frames, seconds, longestBlockMs } = await benchPackFilm({ packFolder: flags.folder, frames: Number(film) });
  console.log(`A film of ${frames} frames took ${seconds.toFixed(1)} s on one thread; the main thread was held up for ${longestBlockMs.toFixed(1)} ms at most.`);
}

/** Each stage alone, one after the other, on real speech and the default portrait. */
async function measureStages(): Promise<Figure[]> {
  await using scope = new Scope();
  const preparer = scope.own(new AvatarPreparer({ modelsFolder: MODELS_FOLDER, stats: noStats }));
  const bytes = await readFile(PORTRAIT);
  const prepareMs: number[] = [];
  await preparer.prepare(bytes, { name: 'warm-up' });
  for (let run = 0; run < 5; run++) {
    prepareMs.push(await timed(() => preparer.prepare(bytes, { name: 'bench' })));
  }
  const avatar = await preparer.prepare(bytes, { name: 'bench' });

  const { windows, melMs } = await melWindows();
  const face = scope.own(new FaceMotion({ model: scope.own(await LipExpressionModel.open(MODELS_FOLDER)), seed: 1 }));
  const motions: MotionFrame[] = [];
  const motionMs: number[] = [];
  for (const window of windows) {
    motionMs.push(await timed(async () => { motions.push(await face.next(window, 'speaking')); }));
  }

  const stages = new StageTimes();
  const drawing = scope.own(await scope.own(new WarpRenderer({ threads: 1, stats: stages, logger: silentLogger })).open(avatar));
  const vp8 = scope.own(await VideoEncoder.open({ codec: 'vp8', width: avatar.width, height: avatar.height, bitrateBps: 1_000_000 }));
  const h264 = scope.own(await VideoEncoder.open({ codec: 'h264', width: avatar.width, height: avatar.height, bitrateBps: 1_000_000 }));
  const vp8Ms: number[] = [];
  const h264Ms: number[] = [];
  for (const motion of motions) {
    const picture = await drawing.draw(motion);
    vp8Ms.push(await timed(() => vp8.encode(picture)));
    h264Ms.push(await timed(() => h264.encode(picture)));
    picture.release();
  }

  const voice = scope.own(await VoiceEncoder.open());
  const opusMs: number[] = [];
  for (let packet = 0; packet < FRAMES; packet++) {
    opusMs.push(await timed(() => Promise.resolve(voice.encode(speechLike(packet), packet * 20_000))));
  }
  const warm = (samples: readonly number[]): readonly number[] => samples.slice(WARM_UP_FRAMES);
  return [
    figureOf('mel.frame', 'ms', warm(melMs)),
    figureOf('motion.frame', 'ms', warm(motionMs)),
    figureOf('render.warp.512', 'ms', warm(stages.times.get('render') ?? [])),
    figureOf('encode.vp8.512', 'ms', warm(vp8Ms)),
    figureOf('encode.h264.512', 'ms', warm(h264Ms)),
    figureOf('encode.opus', 'ms', warm(opusMs)),
    figureOf('avatar.prepare', 'ms', prepareMs),
  ];
}

/** Mel windows of the speech, over and over, with the time each 40 ms took. */
async function melWindows(): Promise<{ windows: MelWindow[]; melMs: number[] }> {
  const { samples } = await readWavFile(SPEECH);
  const speech = Float32Array.from(samples, (sample) => sample / 32_768);
  const mel = new MelStream();
  const windows: MelWindow[] = [];
  const melMs: number[] = [];
  for (let frame = 0; windows.length < FRAMES + WARM_UP_FRAMES; frame++) {
    const at = (frame * 640) % (speech.length - 640);
    melMs.push(await timed(() => {
      mel.push(speech.subarray(at, at + 640));
      for (let window = mel.take(); window !== undefined; window = mel.take()) {
        windows.push(window);
      }
      return Promise.resolve();
    }));
  }
  return { windows, melMs };
}

/** Keeps the times that stages report. */
class StageTimes implements Stats {
  readonly times = new Map<Stage, number[]>();

  stageMs(stage: Stage, ms: number): void {
    const times = this.times.get(stage) ?? [];
    this.times.set(stage, times);
    times.push(ms);
  }

  batchFrames(): void {
    // Only times are kept here.
  }

  count(): void {
    // Only times are kept here.
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

function speechLike(packet: number): Float32Array {
  return Float32Array.from({ length: 960 }, (_, index) => {
    const seconds = (packet * 960 + index) / 48_000;
    return 0.2 * Math.sin(2 * Math.PI * 150 * seconds) + 0.1 * Math.sin(2 * Math.PI * 1700 * seconds);
  });
}

await main();
