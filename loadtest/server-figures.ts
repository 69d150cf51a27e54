import { setTimeout as sleep } from 'node:timers/promises';

/** How often the server's metrics are read, in milliseconds. */
const SCRAPE_MS = 2000;

/** What the server said of itself at one moment. */
export interface ServerSample {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly residentMb: number;
  readonly eventLoopP99Ms: number;
  readonly sessions: number;
  readonly framesRendered: number;
  readonly framesLate: number;
  readonly framesDropped: number;
  readonly framesRepeated: number;
  readonly rejected: number;
  readonly openHandles: number;
  /** Asked of the encoders, summed over sessions. */
  readonly videoKbps: number;
  /** Pictures drawn together in one run of a network, by the upper bound of the histogram's bucket; empty for the built-in face. */
  readonly batches: ReadonlyMap<number, number>;
}

/** Reads the server's metrics, as Prometheus would. */
export async function readServer(url: string): Promise<ServerSample> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number => [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce((total, match) => total + Number(match[1]), 0);
  return {
    atMs: performance.now(),
    cpuSeconds: sum('process_cpu_seconds_total'),
    residentMb: sum('process_resident_memory_bytes') / 1024 / 1024,
    eventLoopP99Ms: sum('nodejs_eventloop_lag_p99_seconds') * 1000,
    sessions: sum('orator_sessions'),
    framesRendered: sum('orator_frames_rendered_total'),
    framesLate: sum('orator_frames_late_total'),
    framesDropped: sum('orator_frames_dropped_total'),
    framesRepeated: sum('orator_frames_repeated_total'),
    rejected: sum('orator_sessions_rejected_total'),
    openHandles: sum('nodejs_active_resources'),
    videoKbps: sum('orator_video_bitrate_bps') / 1000,
    batches: readBatches(text),
  };
}

/** Counts per bucket of `orator_batch_frames`; Prometheus' buckets each hold all the smaller ones too. */
function readBatches(text: string): ReadonlyMap<number, number> {
  const upTo = new Map<number, number>();
  for (const [, bound, count] of text.matchAll(/^orator_batch_frames_bucket\{[^}]*le="([^"]+)"[^}]*\} (\S+)$/gm)) {
    const size = bound === '+Inf' ? Infinity : Number(bound);
    upTo.set(size, (upTo.get(size) ?? 0) + Number(count));
  }
  let below = 0;
  return new Map([...upTo].sort(([a], [b]) => a - b).map(([size, count]) => {
    const own = count - below;
    below = count;
    return [size, own];
  }));
}

/** Reads the server's metrics again and again until stopped. */
export class ServerWatch {
  readonly samples: ServerSample[] = [];
  readonly #url: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#running = this.#run();
    // `stop` throws it; until then it must not end the process, which has a server to stop.
    this.#running.catch(() => undefined);
  }

  /** Reads once more, and ends. */
  async stop(): Promise<readonly ServerSample[]> {
    this.#stop.abort();
    await this.#running;
    this.samples.push(await readServer(this.#url));
    return this.samples;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.samples.push(await readServer(this.#url));
      await sleep(SCRAPE_MS, undefined, { signal: this.#stop.signal }).catch(() => { /* Stopped while waiting. */ });
    }
  }
}
