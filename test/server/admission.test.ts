import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../src/server/admission.ts';
import type { CpuReading } from '../../src/server/admission.ts';

/** A machine of four cores on which time passes by the second. */
class Machine {
  readonly admission: Admission;
  #reading: CpuReading = { ownSeconds: 0, idleSeconds: 0, allSeconds: 0 };
  #nowMs = 0;

  constructor(options: { assured?: number; cpuShare?: number } = {}) {
    this.admission = new Admission({ assured: options.assured ?? 1, cpuShare: options.cpuShare ?? 0.9, cores: 4, readCpu: () => this.#reading }, 0);
  }

  /** Lets seconds pass in which this process and others use so many cores. */
  pass(seconds: number, { sessions, ownCores, otherCores = 0 }: { sessions: number; ownCores: number; otherCores?: number }): void {
    for (let second = 0; second < seconds; second++) {
      this.#nowMs += 1000;
      const { ownSeconds, idleSeconds, allSeconds } = this.#reading;
      this.#reading = { ownSeconds: ownSeconds + ownCores, idleSeconds: idleSeconds + 4 - ownCores - otherCores, allSeconds: allSeconds + 4 };
      this.admission.measure(sessions, this.#nowMs);
    }
  }

  /** With so many sessions, of which some began just now and the others long ago, so that they were measured often. */
  fits(sessions: number, { young = 0, leftOutShare = 0 } = {}): boolean {
    return this.admission.fits({ measured: Array.from({ length: sessions }, (_, index) => (index < young ? 0 : 60)), leftOutShare });
  }
}

test('sessions are let in as long as the measured cost of one more fits', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 8, ownCores: 2.4 });
  assert.ok(Math.abs(machine.admission.costCores - 0.3) < 0.01, String(machine.admission.costCores));
  assert.ok(machine.fits(8));
  machine.pass(30, { sessions: 11, ownCores: 3.4 });
  assert.ok(!machine.fits(11));
});

test('sessions that leave at once do not make those that stay look dear, nor those that come into an empty server', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 16, ownCores: 3.2 });
  for (const [sessions, seconds] of [[1, 1], [1, 2], [0, 60], [2, 1], [2, 4]] as const) {
    machine.pass(seconds, { sessions, ownCores: 0.2 * sessions });
    assert.ok(Math.abs(machine.admission.costCores - 0.2) < 0.01, `${machine.admission.costCores} cores`);
  }
});

test('sessions too young to be measured count at the measured cost', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 8, ownCores: 2.4 });
  assert.ok(machine.fits(9, { young: 1 }));
  assert.ok(!machine.fits(13, { young: 5 }));
});

test('a session counts less the more of it shows', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 8, ownCores: 2.4 });
  const fits = (measured: number[]): boolean => machine.admission.fits({ measured: [...new Array<number>(8).fill(60), ...measured], leftOutShare: 0 });
  assert.ok(!fits([0, 0, 0]));
  assert.ok(fits([2, 2, 2]));
});

test('what other processes use is not there for sessions', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 4, ownCores: 1.2, otherCores: 0.5 });
  assert.ok(machine.fits(4));
  machine.pass(30, { sessions: 4, ownCores: 1.2, otherCores: 2.5 });
  assert.ok(!machine.fits(4));
});

test('a margin of the machine stays idle', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 4, ownCores: 1.2, otherCores: 1.65 });
  assert.ok(machine.fits(4));
  machine.pass(30, { sessions: 4, ownCores: 1.2, otherCores: 1.8 });
  assert.ok(!machine.fits(4));
});

test('while sessions leave out frames nobody more is let in', () => {
  const machine = new Machine();
  machine.pass(30, { sessions: 2, ownCores: 0.4 });
  assert.ok(machine.fits(2));
  assert.ok(!machine.fits(2, { leftOutShare: 0.2 }));
});

test('work done before the first session does not count as its cost', () => {
  const machine = new Machine();
  machine.pass(6, { sessions: 0, ownCores: 1.5 });
  machine.pass(6, { sessions: 2, ownCores: 0.3 });
  assert.ok(machine.admission.costCores < 0.35, String(machine.admission.costCores));
});

test('the assured sessions are let in however busy the machine is', () => {
  const machine = new Machine({ assured: 3 });
  machine.pass(30, { sessions: 2, ownCores: 1, otherCores: 3 });
  assert.ok(machine.fits(2, { leftOutShare: 0.5 }));
  assert.ok(!machine.fits(3));
});

test('before anything was measured a session is taken to cost a fifth of a core', () => {
  const machine = new Machine({ cpuShare: 0.5 });
  assert.equal(machine.admission.costCores, 0.2);
  assert.ok(machine.fits(1, { young: 1 }));
  assert.ok(!machine.fits(10, { young: 10 }));
});
