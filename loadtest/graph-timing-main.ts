/* Process of `timeGraph`: runs one graph in one setting on sample inputs and sends its times. */
import { OnnxThread } from '../src/inference/onnx-thread.ts';
import { sampleInputs } from '../src/models/sample-inputs.ts';
import type { RunTimes, TimedRun } from './graph-timing.ts';

process.once('message', (message) => {
  void answer(message as TimedRun);
});

async function answer({ path, inputs, outputs, threads, batch, runs }: TimedRun): Promise<void> {
  await using thread = new OnnxThread();
  await using model = await thread.load(path, { intraOpThreads: threads });
  const feeds = sampleInputs(inputs, batch);
  await model.run(feeds, { outputs });
  const frameMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now();
    await model.run(feeds, { outputs });
    frameMs.push((performance.now() - startMs) / batch);
  }
  process.send?.({ frameMs, peakBytes: 1024 * process.resourceUsage().maxRSS } satisfies RunTimes);
}
