import { setTimeout as sleep } from 'node:timers/promises';
import { figureOf, percentile } from './figures.ts';
import type { Figure } from './figures.ts';
import { MouthWatch } from './mouth-watch.ts';
import { startServerProcess } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { Viewer } from './viewer.ts';
import { readWavFile } from './wav-file.ts';

const SPEECH = new URL('speech/cards-005.wav', import.meta.url);

/** Mouth of the default portrait in its 512 × 512 picture. */
const MOUTH = { left: 190, top: 300, width: 130, height: 100 };

/** The bench judges one session's cost, not how many the machine lets in while other things run on it. */
const SETTINGS = Object.freeze({ ORATOR_SESSIONS_ASSURED: '8' });

/** Server starts measured. */
const STARTS = 3;

/** Pauses between speeches for the first-frame figure, in milliseconds. */
const QUIET_MS = 1500;
const FIRST_FRAME_RUNS = 8;

/** Times the idle mouth's 95th percentile of change that counts as "the mouth moves". */
const MOVES = 3;

/** Measures a whole live session: the server is a process of its own, the viewer is this one, both on loopback. */
export async function measureSession({ seconds }: { seconds: number }): Promise<Figure[]> {
  const readyMs: number[] = [];
  for (let start = 1; start < STARTS; start++) {
    const server = await startServerProcess(SETTINGS);
    readyMs.push(server.readyMs);
    await server.stop();
  }
  const server = await startServerProcess(SETTINGS);
  readyMs.push(server.readyMs);
  try {
    const memory = await measureMemory(server);
    const viewer = await Viewer.connect(server.url);
    const firstFrame = await measureFirstFrame(viewer);
    const speech = await measureSpeech(server, viewer, seconds);
    await viewer.close();
    return [figureOf('server.ready', 'ms', readyMs), memory, firstFrame, ...speech];
  } finally {
    await server.stop();
  }
}

/** Resident memory that each of three more sessions adds, in megabytes; the first session's shared parts are not counted. */
async function measureMemory(server: ServerProcess): Promise<Figure> {
  const viewers = [await Viewer.connect(server.url)];
  await sleep(3000);
  const added: number[] = [];
  for (let session = 0; session < 3; session++) {
    const before = await server.residentMb();
    viewers.push(await Viewer.connect(server.url));
    await sleep(3000);
    added.push(await server.residentMb() - before);
  }
  await Promise.all(viewers.map((viewer) => viewer.close()));
  return figureOf('session.memory', 'MB', added);
}

/** Time from the first pushed PCM to the arrival of the first frame in which the mouth moves. */
async function measureFirstFrame(viewer: Viewer): Promise<Figure> {
  const { rateHz, samples } = await readWavFile(SPEECH);
  const voiced = samples.subarray(Math.floor(0.19 * rateHz));
  const watch = await MouthWatch.open(MOUTH);
  const waits: number[] = [];
  for (let run = 0; run < FIRST_FRAME_RUNS; run++) {
    const idle: number[] = [];
    viewer.onFrame = ({ data }) => { idle.push(watch.change(data) ?? 0); };
    await sleep(QUIET_MS);
    const threshold = MOVES * percentile(idle.slice(1), 0.95) + 0.5;
    const moved = Promise.withResolvers<number>();
    viewer.onFrame = ({ data, atMs }) => {
      if ((watch.change(data) ?? 0) > threshold) {
        moved.resolve(atMs);
      }
    };
    const ended = Promise.withResolvers<undefined>();
    viewer.onMessage = ({ type }) => { if (type === 'speech.ended') { ended.resolve(undefined); } };
    const pushedMs = performance.now();
    viewer.send({ type: 'audio.start', rateHz });
    viewer.pushPcm(voiced);
    viewer.send({ type: 'audio.end' });
    waits.push(await moved.promise - pushedMs);
    await ended.promise;
  }
  viewer.onFrame = () => undefined;
  watch.close();
  return figureOf('session.first_frame', 'ms', waits);
}

/** Cores, frames per second and longest gap over so many seconds of speech. */
async function measureSpeech(server: ServerProcess, viewer: Viewer, seconds: number): Promise<Figure[]> {
  const { rateHz, samples } = await readWavFile(SPEECH);
  viewer.send({ type: 'audio.start', rateHz });
  const cores: number[] = [];
  const framesPerSecond: number[] = [];
  const gaps: number[] = [];
  let frames = 0;
  let lastMs = 0;
  viewer.onFrame = ({ atMs }) => {
    frames += 1;
    if (lastMs > 0) {
      gaps.push(atMs - lastMs);
    }
    lastMs = atMs;
  };
  const startMs = performance.now();
  for (let second = 0, pushed = 0; second < seconds; second++) {
    // One second ahead of what is played, in real time.
    for (; pushed < (second + 2) * rateHz; pushed += samples.length) {
      viewer.pushPcm(samples);
    }
    const [cpuBefore, framesBefore, beforeMs] = [await server.cpuSeconds(), frames, performance.now()];
    await sleep(startMs + (second + 1) * 1000 - performance.now());
    const passedS = (performance.now() - beforeMs) / 1000;
    cores.push((await server.cpuSeconds() - cpuBefore) / passedS);
    framesPerSecond.push((frames - framesBefore) / passedS);
  }
  viewer.send({ type: 'interrupt' });
  return [
    figureOf('session.cores', 'cores', cores),
    figureOf('session.fps', 'frames/s', framesPerSecond),
    figureOf('session.frame_gap', 'ms', gaps),
  ];
}
