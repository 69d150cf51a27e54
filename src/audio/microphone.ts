import { OpusDecoder } from 'opus-decoder';
import { TICK_US } from '../base/media-clock.ts';
import type { Closeable } from '../base/scope.ts';
import { noStats, type Stats } from '../base/stats.ts';
import { LossConcealer } from './loss-concealer.ts';
import { opusPacketSamples } from './opus-packet.ts';
import { PacketReorder, type MicrophonePacket } from './packet-reorder.ts';
import { SampleFifo } from './sample-fifo.ts';
import { lengthen, shorten, shortenNeeds } from './time-stretch.ts';

const RATE_HZ = 16_000;
const TICK_SAMPLES = (RATE_HZ * TICK_US) / 1_000_000;
const SAMPLES_PER_MS = RATE_HZ / 1000;

/** Units of the RTP clock per sample. */
const CLOCK_PER_SAMPLE = 48_000 / RATE_HZ;

/** Longest Opus packet, 120 ms; also the longest gap that is filled in one go. */
const LONGEST_PACKET_SAMPLES = 1920;

/** Most bytes the decoder takes. */
const LONGEST_PACKET_BYTES = 3840;

/** Sound that must be there before playing starts, also after it ran dry. */
const START_SAMPLES = 40 * SAMPLES_PER_MS;

/** The reserve beyond the tick's own need is watched for a second at a time. */
const WATCH_TICKS = 50;

/** Time is filled in when the reserve is under 10 ms in eight ticks of a second: more often than lost packets alone explain. */
const LOW_RESERVE_SAMPLES = 10 * SAMPLES_PER_MS;
const LOW_TICKS = 8;

/** Time is cut out when the reserve is over 30 ms in all but two ticks. */
const HIGH_RESERVE_SAMPLES = 30 * SAMPLES_PER_MS;
const HIGH_TICKS = WATCH_TICKS - 2;

/** Above this much waiting sound every tick is shortened; above the second mark the oldest is dropped. */
const HURRY_SAMPLES = 200 * SAMPLES_PER_MS;
const DROP_SAMPLES = 400 * SAMPLES_PER_MS;

/** How a microphone reports. */
export interface MicrophoneOptions {
  /** Told about lost packets as `microphone_packets_lost`. */
  readonly stats?: Stats;
}

type Correction = 'none' | 'shorten' | 'lengthen';

/**
 * A viewer's microphone: Opus packets in as they come, 20 ms of sound at 16 kHz out per tick. It puts packets in order, fills
 * losses, and keeps 10 to 30 ms in reserve: the reserve grows with the network's jitter, and a sender whose clock is fast
 * or slow is followed by cutting out or repeating a pitch period now and then.
 */
export class Microphone implements Closeable {
  readonly #stats: Stats;
  readonly #packets = new PacketReorder();
  readonly #fifo = new SampleFifo(DROP_SAMPLES + 4 * LONGEST_PACKET_SAMPLES);
  readonly #concealer = new LossConcealer();
  readonly #block = new Float32Array(TICK_SAMPLES);
  readonly #gap = new Float32Array(LONGEST_PACKET_SAMPLES);
  readonly #source = new Float32Array(shortenNeeds(TICK_SAMPLES));
  #decoder: OpusDecoder<16_000> | undefined;
  #starting: Promise<void>;
  /** Why the decoder did not start. */
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  #packetSamples = TICK_SAMPLES;
  #nextTimestamp: number | undefined;
  #buffering = true;
  #watchedTicks = 0;
  #lowTicks = 0;
  #highTicks = 0;
  #correction: Correction = 'none';

  /** Makes a microphone; sound comes once its decoder has started, some milliseconds later. */
  static create(options: MicrophoneOptions = {}): Microphone {
    return new Microphone(options.stats ?? noStats);
  }

  private constructor(stats: Stats) {
    this.#stats = stats;
    this.#starting = this.#startDecoder();
  }

  /** Sound that waits to be pulled, in milliseconds. */
  get bufferedMs(): number {
    return this.#buffered() / SAMPLES_PER_MS;
  }

  /** Resolves when the decoder has started, or could not: `pull` throws then. */
  get ready(): Promise<void> {
    return this.#starting;
  }

  /** Takes in a packet, in any order; broken ones count as lost when their turn comes. */
  push(packet: MicrophonePacket): void {
    if (this.#closing === undefined) {
      this.#packets.push(packet);
    }
  }

  /**
   * Takes the next 20 ms: 320 samples at 16 kHz, valid until the next call. Call it once per tick.
   * @throws why the decoder did not start.
   */
  pull(): Float32Array {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    this.#dropExcess();
    if (this.#decoder === undefined || (this.#buffering && this.#buffered() < START_SAMPLES)) {
      this.#concealer.conceal(this.#block);
      return this.#block;
    }
    this.#buffering = false;
    this.#watch();
    const hurried = this.#correction === 'shorten' || this.#buffered() > HURRY_SAMPLES;
    this.#decodeUpTo(hurried ? shortenNeeds(TICK_SAMPLES) : TICK_SAMPLES);
    if (this.#fifo.length < TICK_SAMPLES) {
      this.#runDry();
    }
    this.#readBlock(hurried);
    return this.#block;
  }

  /** Frees the decoder; one that is still starting is freed as soon as it has started. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.resolve();
      this.#decoder?.free();
      this.#decoder = undefined;
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #startDecoder(): Promise<void> {
    try {
      const decoder = new OpusDecoder({ sampleRate: RATE_HZ, channels: 1 });
      await decoder.ready;
      if (this.#closing === undefined) {
        this.#decoder = decoder;
      } else {
        decoder.free();
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error('The Opus decoder did not start.', { cause: error });
    }
  }

  #buffered(): number {
    return this.#fifo.length + this.#packets.span * this.#packetSamples;
  }

  /** After a hold-up: lets go of the oldest packets, so that the voice is live again. */
  #dropExcess(): void {
    if (this.#buffered() <= DROP_SAMPLES) {
      return;
    }
    while (this.#packets.length > 0 && this.#buffered() > START_SAMPLES) {
      this.#packets.giveUp();
      this.#packets.take();
    }
    this.#nextTimestamp = undefined;
  }

  /** Notes how large the reserve is; once a second decides whether time must be cut out or filled in. */
  #watch(): void {
    const reserve = this.#buffered() - TICK_SAMPLES;
    this.#lowTicks += Number(reserve < LOW_RESERVE_SAMPLES);
    this.#highTicks += Number(reserve > HIGH_RESERVE_SAMPLES);
    this.#watchedTicks += 1;
    if (this.#watchedTicks < WATCH_TICKS) {
      return;
    }
    const correction = this.#lowTicks >= LOW_TICKS ? 'lengthen' : this.#highTicks >= HIGH_TICKS ? 'shorten' : 'none';
    this.#watchAnew(correction);
  }

  #watchAnew(correction: Correction): void {
    this.#correction = correction;
    this.#watchedTicks = 0;
    this.#lowTicks = 0;
    this.#highTicks = 0;
  }

  #decodeUpTo(samples: number): void {
    while (this.#fifo.length < samples) {
      const packet = this.#packets.take();
      if (packet !== undefined) {
        this.#decode(packet);
      } else if (this.#fifo.length >= TICK_SAMPLES || !this.#skipLost()) {
        // A missing packet may still come as long as this tick can do without it.
        return;
      }
    }
  }

  #decode({ payload, timestamp }: MicrophonePacket): void {
    const expected = payload.length <= LONGEST_PACKET_BYTES ? opusPacketSamples(payload, RATE_HZ) : 0;
    const sound = expected === 0 ? undefined : this.#decoded(payload);
    if (sound === undefined || sound.length === 0) {
      this.#fillGap(this.#packetSamples);
      this.#stats.count('microphone_packets_lost');
    } else {
      this.#packetSamples = sound.length;
      this.#concealer.accept(sound);
      this.#fifo.write(sound);
    }
    this.#nextTimestamp = (timestamp + this.#packetSamples * CLOCK_PER_SAMPLE) >>> 0;
  }

  /** Decodes a well-framed packet; should it break the decoder all the same, a new one is started. */
  #decoded(payload: Uint8Array): Float32Array | undefined {
    try {
      return this.#decoder?.decodeFrame(payload).channelData[0];
    } catch (error) {
      // The name of a WebAssembly trap.
      if (!(error instanceof Error) || error.name !== 'RuntimeError') {
        throw error;
      }
      this.#decoder = undefined;
      this.#starting = this.#startDecoder();
      return undefined;
    }
  }

  /** Gives up on packets whose turn has come, when later ones are here; false when none are. */
  #skipLost(): boolean {
    const skipped = this.#packets.giveUp();
    if (skipped === undefined) {
      return false;
    }
    if (skipped.lost > 0) {
      this.#stats.count('microphone_packets_lost', skipped.lost);
      const clock = this.#nextTimestamp === undefined ? 0 : (skipped.timestamp - this.#nextTimestamp) >>> 0;
      const told = clock / CLOCK_PER_SAMPLE;
      const plausible = told > 0 && told <= skipped.lost * LONGEST_PACKET_SAMPLES;
      this.#fillGap(Math.round(plausible ? told : skipped.lost * this.#packetSamples));
    }
    return true;
  }

  #fillGap(samples: number): void {
    const filled = this.#gap.subarray(0, Math.min(samples, LONGEST_PACKET_SAMPLES));
    this.#concealer.conceal(filled);
    this.#fifo.write(filled);
  }

  /** Nothing is left: fills up the tick and waits until there is a reserve again. */
  #runDry(): void {
    this.#fillGap(TICK_SAMPLES - this.#fifo.length);
    this.#buffering = true;
    this.#watchAnew('none');
  }

  #readBlock(hurried: boolean): void {
    const available = Math.min(this.#source.length, this.#fifo.length);
    this.#fifo.peek(this.#source, available);
    let used = TICK_SAMPLES;
    if (hurried && available === this.#source.length) {
      used = shorten(this.#source, this.#block);
      this.#correction = 'none';
    } else if (this.#correction === 'lengthen') {
      used = lengthen(this.#source, this.#block);
      this.#correction = 'none';
    } else {
      this.#block.set(this.#source.subarray(0, TICK_SAMPLES));
    }
    this.#fifo.skip(used);
  }
}
