import { cpus, loadavg } from 'node:os';
import type { Precision } from '../src/models/graph-builder.ts';
import type { GraphName } from '../src/models/pack-manifest.ts';
import { type GraphTiming, PACK_BENCH_DEFAULTS, type TorchTiming, benchPack, benchTorch } from './pack-bench.ts';

/** What `npm run bench -- --pack sadtalker` is told on the command line; lists are separated by commas. */
export interface PackBenchFlags {
  readonly folder: string;
  readonly graphs?: string | undefined;
  readonly precisions?: string | undefined;
  readonly threads?: string | undefined;
  readonly batches?: string | undefined;
  readonly runs?: string | undefined;
  /** A Python with PyTorch, to time the renderer's frame there too. */
  readonly torch?: string | undefined;
  readonly json?: boolean | undefined;
}

/** One line of the report: a setting, and where it is the renderer's and PyTorch is at hand, PyTorch in the same setting. */
interface ReportLine extends GraphTiming {
  readonly torch?: TorchTiming;
}

/** Times the graphs of a pack and prints a line for each setting as soon as it is there, or all of them as JSON. */
export async function reportPackBench(flags: PackBenchFlags): Promise<void> {
  const lines: ReportLine[] = [];
  const print = flags.json === true ? (): void => undefined : (line: string): void => { console.log(line); };
  print(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]!.toFixed(2)}\n`);
  print(row(['graph', 'threads', 'batch', 'ms each', 'p95', 'peak MB', 'PyTorch ms', 'ratio']));
  const runs = flags.runs === undefined ? PACK_BENCH_DEFAULTS.runs : Number(flags.runs);
  const torchTimings = new Map<string, TorchTiming>();
  for await (const timing of benchPack({ packFolder: flags.folder, runs, ...selected(flags) })) {
    const torch = flags.torch === undefined ? undefined : await torchTiming(flags.torch, torchTimings, { ...timing, runs });
    const line = torch === undefined ? timing : { ...timing, torch };
    lines.push(line);
    print(lineRow(line));
  }
  if (flags.json === true) {
    console.log(JSON.stringify(lines));
  }
}

function selected({ graphs, precisions, threads, batches }: PackBenchFlags): { graphs?: GraphName[]; precisions?: Precision[]; threads?: number[]; batches?: number[] } {
  return {
    ...(graphs === undefined ? {} : { graphs: graphs.split(',') as GraphName[] }),
    ...(precisions === undefined ? {} : { precisions: precisions.split(',') as Precision[] }),
    ...(threads === undefined ? {} : { threads: threads.split(',').map(Number) }),
    ...(batches === undefined ? {} : { batches: batches.split(',').map(Number) }),
  };
}

/** Returns PyTorch's time in the setting of a renderer, measured once; nothing for another graph. */
async function torchTiming(python: string, known: Map<string, TorchTiming>, { graph, threads, batch, runs }: GraphTiming & { runs: number }): Promise<TorchTiming | undefined> {
  if (graph.graph !== 'render' || graph.size === undefined) {
    return undefined;
  }
  const key = [graph.size, threads, batch].join(' ');
  const timing = known.get(key) ?? await benchTorch(python, { threads, batch, runs, size: graph.size });
  known.set(key, timing);
  return timing;
}

function lineRow({ graph, threads, batch, medianMs, p95Ms, peakBytes, torch }: ReportLine): string {
  const name = [graph.graph, graph.size, graph.coefficients, graph.precision].filter((part) => part !== undefined).join(' ');
  const besideTorch = torch === undefined ? [] : [torch.medianMs.toFixed(1), (medianMs / torch.medianMs).toFixed(2)];
  return row([name, String(threads), String(batch), medianMs.toFixed(1), p95Ms.toFixed(1), (peakBytes / 2 ** 20).toFixed(0), ...besideTorch]);
}

function row([name, ...cells]: readonly string[]): string {
  return `${name?.padEnd(20) ?? ''}${cells.map((cell) => cell.padStart(12)).join('')}`.trimEnd();
}
