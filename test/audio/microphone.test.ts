import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpusDecoder } from 'opus-decoder';
import { Microphone } from '../../src/audio/microphone.ts';
import type { MicrophonePacket } from '../../src/audio/packet-reorder.ts';
import { noStats, type Stats } from '../../src/base/stats.ts';
import { assertCloseTo, largestStep } from './close-to.ts';
import { readOpusPackets } from './opus-packets-file.ts';
import { readWav } from './wav-file.ts';

const PAYLOADS = readOpusPackets('cards_005.opus-packets');
const packet = (index: number): MicrophonePacket =>
  ({ payload: PAYLOADS[index % PAYLOADS.length]!, sequenceNumber: (65_500 + index) & 0xffff, timestamp: (4_294_000_000 + 960 * index) >>> 0 });

async function open(): Promise<{ microphone: Microphone; lost: () => number }> {
  let lost = 0;
  const stats: Stats = { ...noStats, count: (event, by = 1) => { lost += event === 'microphone_packets_lost' ? by : 0; } };
  const microphone = Microphone.create({ stats });
  await microphone.ready;
  return { microphone, lost: () => lost };
}

/** Plays `ticks` ticks; `arrivals` says which packets come before each. */
function play(microphone: Microphone, ticks: number, arrivals: (tick: number) => readonly MicrophonePacket[]): { sound: number[]; buffered: number[] } {
  const sound: number[] = [];
  const buffered: number[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (const arrival of arrivals(tick)) {
      microphone.push(arrival);
    }
    const block = microphone.pull();
    assert.equal(block.length, 320);
    for (const value of block) {
      sound.push(value);
    }
    buffered.push(microphone.bufferedMs);
  }
  return { sound, buffered };
}

/** The packets decoded one after the other with nothing in between. */
async function decoded(): Promise<Float32Array> {
  const decoder = new OpusDecoder({ sampleRate: 16_000, channels: 1 });
  await decoder.ready;
  const sound = new Float32Array(PAYLOADS.length * 320);
  for (const [index, payload] of PAYLOADS.entries()) {
    sound.set(decoder.decodeFrame(payload).channelData[0]!, index * 320);
  }
  decoder.free();
  return sound;
}

/** Normalised correlation of two signals. */
function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, energyA, energyB] = [0, 1e-12, 1e-12];
  for (let n = 0; n < b.length; n++) {
    product += a[n]! * b[n]!;
    energyA += a[n]! ** 2;
    energyB += b[n]! ** 2;
  }
  return product / Math.sqrt(energyA * energyB);
}

test('packets that come in time are heard sample by sample, one tick after the first', async () => {
  const { microphone, lost } = await open();
  const { sound, buffered } = play(microphone, 180, (tick) => (tick < 175 ? [packet(tick)] : []));
  assertCloseTo(sound.slice(400, 320 * 175), (await decoded()).subarray(80, 320 * 174), 0);
  assert.equal(lost(), 0);
  assert.ok(buffered.slice(5, 170).every((ms) => ms === 20), 'the reserve is one packet');
  await microphone.close();
});

test('swapped and doubled packets make no difference', async () => {
  const first = await open();
  const straight = play(first.microphone, 170, (tick) => (tick % 2 === 1 ? [packet(tick - 1), packet(tick)] : []));
  const second = await open();
  const swapped = play(second.microphone, 170, (tick) => (tick % 2 === 1 ? [packet(tick), packet(tick - 1), packet(tick)] : []));
  assertCloseTo(swapped.sound, straight.sound, 0);
  assert.equal(second.lost(), 0);
  await first.microphone.close();
  await second.microphone.close();
});

test('lost packets are counted and filled in without clicks', async () => {
  const { microphone, lost } = await open();
  const { sound } = play(microphone, 180, (tick) => (tick < 175 && tick % 10 !== 7 ? [packet(tick)] : []));
  assert.equal(lost(), 17);
  const truth = (await decoded()).subarray(0, 320 * 174);
  const same = likeness(sound.slice(320), truth);
  assert.ok(same > 0.85, `${same}`);
  assert.ok(largestStep(sound) < 1.5 * largestStep(truth));
  await microphone.close();
});

test('broken packets never throw and count as lost', async () => {
  const { microphone, lost } = await open();
  let seed = 7;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 8;
  };
  const broken = (index: number): MicrophonePacket => {
    const payload = Uint8Array.from(PAYLOADS[index % 175]!);
    for (let flips = 0; flips < 5; flips++) {
      payload[random() % payload.length] = random() & 255;
    }
    return { ...packet(index), payload: random() % 4 === 0 ? payload.subarray(0, random() % payload.length) : payload };
  };
  const { sound } = play(microphone, 500, (tick) => [tick % 50 === 9 ? { ...packet(tick), payload: new Uint8Array(5000) } : tick % 3 === 0 ? broken(tick) : packet(tick)]);
  assert.ok(sound.every((value) => Number.isFinite(value) && Math.abs(value) < 2));
  assert.ok(lost() >= 10);
  await microphone.close();
});

for (const [name, share] of [['fast', 1.002], ['slow', 0.9995]] as const) {
  test(`a sender whose clock is ${name} is followed for minutes`, async () => {
    const { microphone, lost } = await open();
    let sent = 0;
    // 100 s: 200 ms of drift when it is fast, 50 ms when it is slow, more than the reserve.
    const { buffered, sound } = play(microphone, 5000, (tick) => {
      const arrived: MicrophonePacket[] = [];
      for (; sent < (tick + 0.5) * share; sent++) {
        arrived.push(packet(sent));
      }
      return arrived;
    });
    assert.ok(buffered.slice(10).every((ms) => ms <= 75), `${Math.max(...buffered)} ms`);
    assert.ok(buffered.slice(10).filter((ms) => ms === 0).length < 250, 'the reserve is used up, but for moments');
    assert.equal(lost(), 0);
    assert.ok(largestStep(sound) < 1.5 * largestStep(readWav('cards_005.wav')));
    await microphone.close();
  });
}

test('jitter enlarges the reserve until nothing is missing any more', async () => {
  const { microphone } = await open();
  let sent = 0;
  let dry = 0;
  for (let tick = 0; tick < 3000; tick++) {
    // Packets come in bursts of 80 ms.
    if (tick % 4 === 3) {
      for (; sent <= tick; sent++) {
        microphone.push(packet(sent));
      }
    }
    microphone.pull();
    dry += Number(tick > 500 && microphone.bufferedMs === 0);
  }
  assert.ok(dry < 5, `${dry} times dry`);
  await microphone.close();
});

test('after a hold-up that is not too long every word is heard, faster until the voice is live again', async () => {
  const { microphone, lost } = await open();
  play(microphone, 20, (tick) => [packet(tick)]);
  // 300 ms during which nothing was pulled.
  for (let index = 20; index < 35; index++) {
    microphone.push(packet(index));
  }
  const { buffered } = play(microphone, 60, (tick) => [packet(35 + tick)]);
  assert.ok(buffered[0]! > 250 && buffered[40]! <= 210, `${buffered[0]!} and ${buffered[40]!} ms`);
  assert.equal(lost(), 0);
  await microphone.close();
});

test('after a hold-up of half a second the oldest is let go at once', async () => {
  const { microphone } = await open();
  play(microphone, 20, (tick) => [packet(tick)]);
  for (let index = 20; index < 45; index++) {
    microphone.push(packet(index));
  }
  const { buffered } = play(microphone, 1, () => []);
  assert.ok(buffered[0]! < 60, `${buffered[0]!} ms`);
  await microphone.close();
});

test('a lost packet counts as long as the times beside it say', async () => {
  const { microphone, lost } = await open();
  play(microphone, 10, (tick) => [packet(tick)]);
  // One packet of 60 ms went missing.
  microphone.push({ ...packet(11), timestamp: (packet(9).timestamp + 4 * 960) >>> 0 });
  const { buffered } = play(microphone, 2, () => []);
  assert.equal(lost(), 1);
  assert.equal(buffered[1], 60, 'two thirds of the gap and the packet after it are still to come');
  await microphone.close();
});

test('after a hold-up the voice is live again', async () => {
  const { microphone } = await open();
  play(microphone, 20, (tick) => [packet(tick)]);
  for (let index = 20; index < 80; index++) {
    microphone.push(packet(index));
  }
  const { buffered } = play(microphone, 100, (tick) => [packet(80 + tick)]);
  assert.ok(buffered[0]! < 100 && buffered[99]! < 80, `${buffered[0]!} and ${buffered[99]!} ms`);
  await microphone.close();
});

test('nothing pushed is silence; a closed microphone takes nothing and frees its decoder once', async () => {
  const microphone = Microphone.create();
  assert.ok(microphone.pull().every((value) => value === 0));
  assert.equal(microphone.close(), microphone.close());
  await microphone.close();
  microphone.push(packet(0));
  assert.equal(microphone.bufferedMs, 0);
  assert.ok(microphone.pull().every((value) => value === 0));
});

test('a decoder that cannot be started fails the next pull, and ends no process', async (t) => {
  let calls = 0;
  // A module that starts, and then has no memory to give.
  const exports = new Proxy({}, { get: (_target, name) => (name === 'g' ? { buffer: new ArrayBuffer(65_536) } : (): number => {
    calls += 1;
    if (calls > 1) {
      throw new RangeError('could not allocate memory');
    }
    return 0;
  }) });
  t.mock.method(WebAssembly, 'instantiate', () => Promise.resolve({ exports }));
  const microphone = Microphone.create();
  await microphone.ready;
  assert.throws(() => microphone.pull(), /could not allocate memory/);
  await microphone.close();
});

test('closing does not wait for a decoder that never starts', async (t) => {
  t.mock.method(WebAssembly, 'instantiate', () => new Promise(() => { /* never */ }));
  const microphone = Microphone.create();
  assert.ok(microphone.pull().every((value) => value === 0));
  await microphone.close();
});
