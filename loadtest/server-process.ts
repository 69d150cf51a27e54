import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../src/orator.js', import.meta.url));

/** Clock ticks a second in /proc/PID/stat (USER_HZ; 100 on every Linux that Node runs on). */
const CPU_TICKS_PER_S = 100;

/** The server as a process of its own, on a free port, with an empty folder for avatars. */
export interface ServerProcess {
  readonly url: string;
  /** From spawn to the printed address, in milliseconds. */
  readonly readyMs: number;
  /** CPU time used so far, in seconds, all threads. */
  cpuSeconds(): Promise<number>;
  /** Resident memory in megabytes. */
  residentMb(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the server and waits until it prints its address. Rejects with its output when it ends before. */
export async function startServerProcess(settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'orator-loadtest-'));
  const startMs = performance.now();
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--port', '0'], {
    env: { ...process.env, ORATOR_AVATARS_FOLDER: folder, ORATOR_LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
  const url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const address = /http:\/\/\S+/.exec(printed)?.[0];
      if (address !== undefined) {
        resolve(address);
      }
    });
    child.once('exit', (code) => { reject(new Error(`The server ended with status ${code} before it was ready. It printed: ${printed}`)); });
    child.once('error', reject);
  });
  const { pid } = child;
  return {
    url,
    readyMs: performance.now() - startMs,
    cpuSeconds: async () => {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / CPU_TICKS_PER_S;
    },
    residentMb: async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
