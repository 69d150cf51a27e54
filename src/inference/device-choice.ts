import type { Device } from './thread-messages.ts';

/** Where models may run: `auto` takes CUDA where it runs, else the processor. */
export const DEVICE_CHOICES = ['auto', 'cuda', 'cpu'] as const;

/** One way to choose a device. */
export type DeviceChoice = (typeof DEVICE_CHOICES)[number];

/** What was loaded, where, and why there. */
export interface OnDevice<Loaded> {
  readonly loaded: Loaded;
  readonly device: Device;
  /** For a log line. */
  readonly reason: string;
}

/** Loads something on the first device that takes it; throws what the last one tried says. */
export async function loadOnDevice<Loaded>(choice: DeviceChoice, load: (device: Device) => Promise<Loaded>): Promise<OnDevice<Loaded>> {
  if (choice !== 'auto') {
    return { loaded: await load(choice), device: choice, reason: `${choice} was asked for` };
  }
  let refusal: string;
  try {
    return { loaded: await load('cuda'), device: 'cuda', reason: 'cuda is the first choice, and runs' };
  } catch (error) {
    // Whatever CUDA lacks (library, driver, memory), the processor is next; its own failure is thrown.
    refusal = error instanceof Error ? error.message : String(error);
  }
  return { loaded: await load('cpu'), device: 'cpu', reason: `cuda does not run here: ${refusal}` };
}
