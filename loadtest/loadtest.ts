/* `npm run loadtest`: the server as its own process, real WebRTC viewers in others, measured from what they receive. */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { churn } from './churn.ts';
import { watchInChromium } from './chromium-viewer.ts';
import { missedLimits, parseLimit, readLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import type { PathFaults } from './lossy-path.ts';
import { visitPortraits } from './portrait-visitors.ts';
import { runFigures } from './run-figures.ts';
import type { RunFigures } from './run-figures.ts';
import { ServerWatch } from './server-figures.ts';
import { startServerProcess } from './server-process.ts';
import { sendViewers } from './viewer-fleet.ts';

const OPTIONS = {
  sessions: { type: 'string', default: '4' }, seconds: { type: 'string', default: '60' }, url: { type: 'string' }, pack: { type: 'string' },
  loss: { type: 'string', default: '0' }, delay: { type: 'string', default: '0' }, jitter: { type: 'string', default: '0' }, 'bandwidth-kbps': { type: 'string' },
  'faults-start': { type: 'string', default: '0' }, 'faults-end': { type: 'string' },
  interrupts: { type: 'boolean' }, microphone: { type: 'boolean' }, churn: { type: 'boolean' }, cycles: { type: 'string', default: '300' }, soak: { type: 'boolean' },
  overload: { type: 'boolean' }, vanish: { type: 'boolean' }, chromium: { type: 'boolean' }, portraits: { type: 'boolean' }, stagger: { type: 'string', default: '400' }, assured: { type: 'string' },
  json: { type: 'boolean' }, limit: { type: 'string', multiple: true, default: [] as string[] }, limits: { type: 'string' },
} as const;

const HELP = `npm run loadtest -- [--sessions N] [--seconds S] [--url URL] [--pack NAME]
  [--loss SHARE] [--delay MS] [--jitter MS] [--bandwidth-kbps N] [--faults-start S] [--faults-end S]
  [--interrupts] [--microphone] [--vanish] [--chromium] [--portraits] [--stagger MS] [--assured N]
  [--overload] [--soak] [--churn [--cycles N]] [--json] [--limits KIND] [--limit 'NAME>=VALUE']`;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  const limits = await limitsOf(values);
  const server = values.url === undefined ? await startServerProcess(serverSettings(values)) : undefined;
  const url = values.url ?? server?.url ?? '';
  try {
    const figures = values.churn === true ? await churn(url, { cycles: Number(values.cycles) }) : await run(url, values);
    const missed = [...missedLimits({ ...figures }, limits), ...('failures' in figures ? figures.failures : [])];
    report({ ...figures }, missed, values.json === true);
    return missed.length === 0 ? 0 : 1;
  } finally {
    await server?.stop();
  }
}

/** As many slots as viewers want to have, so that only the measured cost refuses them; churn is about slots alone, and portraits about those who watch. */
function serverSettings(values: Values): Record<string, string> {
  const assured = values.assured ?? (values.churn === true ? '8' : values.portraits === true ? String(Number(values.sessions) + 1) : undefined);
  return {
    ORATOR_SESSIONS_MAX: String(Math.max(8, Number(values.sessions) + 2)), ORATOR_SERVER_REQUESTS_PER_MINUTE: '100000',
    ...(assured === undefined ? {} : { ORATOR_SESSIONS_ASSURED: assured }),
  };
}

async function run(url: string, values: Values): Promise<RunFigures> {
  const seconds = Number(values.seconds);
  const faultsEnd = values['faults-end'];
  const watch = new ServerWatch(url);
  const [fleet, chromium, portraits] = await Promise.all([
    sendViewers({
      url, seconds, viewers: Number(values.sessions), interrupts: withInterrupts(values), rests: values.soak === true, microphone: values.microphone === true, vanish: values.vanish === true,
      faults: faultsOf(values), faultsStartS: Number(values['faults-start']), faultsEndS: faultsEnd === undefined ? null : Number(faultsEnd),
      staggerMs: Number(values.stagger), pack: values.pack ?? null,
    }),
    values.chromium === true ? watchInChromium(url, { seconds }) : undefined,
    values.portraits === true ? visitPortraits(url, { seconds }) : undefined,
  ]);
  return runFigures({ fleet, chromium, portraits, samples: await watch.stop() });
}

/** A soak is speech, rests and interrupts. */
function withInterrupts(values: Values): boolean {
  return values.interrupts === true || values.soak === true;
}

function faultsOf(values: Values): PathFaults {
  const kbps = values['bandwidth-kbps'];
  return { loss: Number(values.loss), delayMs: Number(values.delay), jitterMs: Number(values.jitter), bandwidthKbps: kbps === undefined ? null : Number(kbps) };
}

async function limitsOf(values: Values): Promise<Limits> {
  const kind = values.limits ?? (values.churn === true ? 'churn' : values.overload === true ? 'overload' : values.soak === true ? 'soak'
    : values.portraits === true ? 'portraits' : values['bandwidth-kbps'] !== undefined ? 'narrow' : [values.loss, values.delay, values.jitter].some((value) => Number(value) > 0) ? 'faults' : 'plain');
  const limits = { ...await readLimits(kind) };
  if (!withInterrupts(values)) {
    delete limits['interruptSilenceMsP95'];
  }
  if (values.chromium !== true) {
    delete limits['chromiumFps'];
    delete limits['chromiumFreezes'];
  }
  if (values['faults-end'] === undefined) {
    delete limits['recoverMs'];
    delete limits['recoverSizeMs'];
  }
  return { ...limits, ...Object.fromEntries(values.limit.map((text) => parseLimit(text))) };
}

function report(figures: Record<string, unknown>, missed: readonly string[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ ...figures, machine: machine(), missed }));
    return;
  }
  console.log(`${machine()}\n`);
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(26)}${String(Array.isArray(value) ? value.join('; ') : value).padStart(12)}`);
  }
  console.log(missed.length === 0 ? '\nAll limits are kept.' : `\n${missed.join('\n')}`);
}

function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores shared by server and viewers, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`;
}

if (process.argv.includes('--help')) {
  console.log(HELP);
} else {
  process.exitCode = await main();
}
