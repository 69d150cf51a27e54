import { AV_CHANNEL_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, FF_ENCODER_LIBOPUS } from 'node-av/constants';
import { Packet, Rational } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import type { EncodedUnit } from '../base/encoded-unit.ts';
import { InvalidStateError } from '../base/errors.ts';
import type { Closeable } from '../base/scope.ts';
import { checked } from './checked.ts';
import { openEncoderContext } from './encoder-context.ts';
import { SampleFrame } from './sample-frame.ts';

/** Rate of the voice, in hertz. */
export const VOICE_RATE_HZ = 48_000;

/** Samples of one packet: 20 ms. */
export const VOICE_PACKET_SAMPLES = 960;

/** How a voice encoder is opened. */
export interface VoiceEncoderOptions {
  /** Bits a second, 16,000 to 128,000. Default: 40,000. */
  readonly bitrateBps?: number;
  /** Loss to be ready for, in percent, 0 to 30: a packet then carries a coarse copy of the one before. Default: 5. */
  readonly expectedLossPercent?: number;
}

const DEFAULTS = Object.freeze({ bitrateBps: 40_000, expectedLossPercent: 5 });

/** Turns one viewer's voice into Opus packets: 48 kHz, mono, 20 ms, in about 0.3 ms on the calling thread. */
export class VoiceEncoder implements Closeable, AsyncDisposable {
  readonly #context: CodecContext;
  readonly #packet = new Packet();
  readonly #frame = new SampleFrame({ samples: VOICE_PACKET_SAMPLES, sampleRateHz: VOICE_RATE_HZ, format: AV_SAMPLE_FMT_FLT });
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  /** Opens an encoder. @throws TypeError when an option is out of its range. */
  static async open(options: VoiceEncoderOptions = {}): Promise<VoiceEncoder> {
    const { bitrateBps, expectedLossPercent } = { ...DEFAULTS, ...options };
    if (!(bitrateBps >= 16_000 && bitrateBps <= 128_000)) {
      throw new TypeError(`A voice bitrate is 16000 to 128000 bit/s, not ${bitrateBps}.`);
    }
    if (!(expectedLossPercent >= 0 && expectedLossPercent <= 30)) {
      throw new TypeError(`The expected loss is 0 to 30 percent, not ${expectedLossPercent}.`);
    }
    return new VoiceEncoder(await openEncoderContext({
      encoder: FF_ENCODER_LIBOPUS,
      configure: (context) => {
        context.sampleRate = VOICE_RATE_HZ;
        context.sampleFormat = AV_SAMPLE_FMT_FLT;
        context.channelLayout = AV_CHANNEL_LAYOUT_MONO;
        context.bitRate = BigInt(Math.round(bitrateBps));
        context.timeBase = new Rational(1, VOICE_RATE_HZ);
      },
      options: {
        application: 'voip', frame_duration: '20', vbr: 'on', compression_level: '5',
        fec: expectedLossPercent > 0 ? '1' : '0', packet_loss: String(Math.round(expectedLossPercent)),
      },
    }));
  }

  private constructor(context: CodecContext) {
    this.#context = context;
    this.#packet.alloc();
  }

  /**
   * Encodes 960 samples in −1..1. Synchronous, since a hop to another thread costs as much as the work.
   * @throws TypeError for another number of samples, InvalidStateError after `close()`, and the error kept from the first call that failed.
   */
  encode(samples: Float32Array, mediaUs: number): EncodedUnit {
    if (samples.length !== VOICE_PACKET_SAMPLES) {
      throw new TypeError(`A voice packet takes ${VOICE_PACKET_SAMPLES} samples, not ${samples.length}.`);
    }
    if (this.#closing !== undefined) {
      throw new InvalidStateError('The voice encoder is closed.');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    try {
      return this.#encode(samples, mediaUs);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }

  /** Frees the encoder. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.resolve();
      this.#context.freeContext();
      this.#packet.free();
      this.#frame.free();
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #encode(samples: Float32Array, mediaUs: number): EncodedUnit {
    this.#frame.fill(samples);
    this.#frame.frame.pts = BigInt(Math.round((mediaUs * VOICE_RATE_HZ) / 1_000_000));
    checked(this.#context.sendFrameSync(this.#frame.frame), 'encode sound');
    checked(this.#context.receivePacketSync(this.#packet), 'give the encoded sound');
    const unit: EncodedUnit = { kind: 'audio', data: Uint8Array.from(this.#packet.data ?? []), mediaUs, keyFrame: true };
    this.#packet.unref();
    return unit;
  }
}
