import { parentPort } from 'node:worker_threads';

// A render thread that hangs: it answers nothing, and never gives its turn back.
parentPort?.once('message', () => {
  for (;;) {
    Math.sqrt(2);
  }
});
