import { availableParallelism, cpus } from 'node:os';

/** Cost of a session, in cores, as long as none was measured: about that of the built-in face on the machine of README's figures. */
const ASSUMED_COST_CORES = 0.2;

/** Weight of the latest second in what is smoothed. */
const LATEST = 0.35;

/**
 * Share of the machine that must stay idle beyond what one more session costs: frames of all sessions are wanted at once,
 * and processors that share a core do less than they look idle, so that from there on frames come too late.
 */
const HEADROOM = 0.2;

/** A session's cost is learnt once so much of the sessions shows in what is smoothed. */
const SHOWN_SHARE = 0.8;

/** From this share of left-out frames on nobody more is let in. */
const LEFT_OUT_LIMIT = 0.05;

/** CPU time since some moment, in seconds. */
export interface CpuReading {
  /** Used by this process, all threads. */
  readonly ownSeconds: number;
  /** Idle and all time of all of the machine's processors. */
  readonly idleSeconds: number;
  readonly allSeconds: number;
}

/** How an admission is set up. */
export interface AdmissionOptions {
  /** So many sessions are let in without asking. */
  readonly assured: number;
  /** Share of the cores that sessions may use, 0..1. */
  readonly cpuShare: number;
  /** Default: those this process may run on. */
  readonly cores?: number;
  /** Default: this process and this machine. */
  readonly readCpu?: () => CpuReading;
}

/**
 * Says whether one more session fits: measures each second what the running ones cost and what the machine has left.
 * Sessions whose viewer just came, or is still to come, are counted at that cost as far as their own does not show yet.
 */
export class Admission {
  readonly #options: Required<AdmissionOptions>;
  #last: CpuReading;
  #lastMs: number;
  #ownCores = 0;
  /** Smoothed as the cores are, so that one can be divided by the other. */
  #sessions = 0;
  #idleCores: number;
  #costCores: number | undefined;

  constructor(options: AdmissionOptions, nowMs: number) {
    this.#options = { cores: availableParallelism(), readCpu: readMachine, ...options };
    this.#last = this.#options.readCpu();
    this.#lastMs = nowMs;
    this.#idleCores = this.#options.cores;
  }

  /** Measured cost of one session, in cores; an assumption until one was measured. */
  get costCores(): number {
    return this.#costCores ?? ASSUMED_COST_CORES;
  }

  /** Measures the time since the last call, with so many sessions running in it; to be called about every second. */
  measure(sessions: number, nowMs: number): void {
    const { cores, readCpu } = this.#options;
    const reading = readCpu();
    const passedS = (nowMs - this.#lastMs) / 1000;
    const allSeconds = reading.allSeconds - this.#last.allSeconds;
    if (passedS <= 0 || allSeconds <= 0) {
      return;
    }
    this.#ownCores += LATEST * ((reading.ownSeconds - this.#last.ownSeconds) / passedS - this.#ownCores);
    this.#sessions += LATEST * (sessions - this.#sessions);
    this.#idleCores += LATEST * (((reading.idleSeconds - this.#last.idleSeconds) / allSeconds) * cores - this.#idleCores);
    this.#last = reading;
    this.#lastMs = nowMs;
    // As long as sessions show little in what is smoothed, the work before them would count as theirs.
    if (sessions > 0 && this.#sessions > SHOWN_SHARE * sessions) {
      const costCores = this.#ownCores / this.#sessions;
      this.#costCores = (this.#costCores ?? costCores) + LATEST * (costCores - (this.#costCores ?? costCores));
    }
  }

  /** Says whether one session more fits beside those that were measured so often each: the fewer times, the less of one shows in what is smoothed. */
  fits({ measured, leftOutShare }: { measured: readonly number[]; leftOutShare: number }): boolean {
    const { assured, cores, cpuShare } = this.#options;
    if (measured.length < assured) {
      return true;
    }
    const hidden = measured.reduce((sum, times) => sum + (1 - LATEST) ** times, 0);
    const neededCores = (hidden + 1) * this.costCores;
    return leftOutShare < LEFT_OUT_LIMIT && this.#ownCores + neededCores <= cores * cpuShare && this.#idleCores >= neededCores + HEADROOM * cores;
  }
}

function readMachine(): CpuReading {
  const { user, system } = process.cpuUsage();
  let idleMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    // What runs at low priority gives way.
    idleMs += times.idle + times.nice;
    allMs += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { ownSeconds: (user + system) / 1e6, idleSeconds: idleMs / 1000, allSeconds: allMs / 1000 };
}
