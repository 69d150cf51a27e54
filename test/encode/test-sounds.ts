import { AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO } from 'node-av/constants';
import type { AVSampleFormat, FFEncoderCodec } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, FormatContext, Frame, Packet, Rational } from 'node-av/lib';

/** A 16-bit PCM WAV file of a 440 Hz tone at the given level, the same in all channels. */
export function toneWav(options: { rateHz: number; channels: number; seconds: number; level: number }): Buffer {
  const { rateHz, channels, seconds, level } = options;
  const samples = Math.round(rateHz * seconds);
  const wav = Buffer.alloc(44 + samples * channels * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt32LE(rateHz, 24);
  wav.writeUInt32LE(rateHz * channels * 2, 28);
  wav.writeUInt16LE(channels * 2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * channels * 2, 40);
  for (let i = 0; i < samples; i++) {
    const value = Math.round(32_767 * level * Math.sin((2 * Math.PI * 440 * i) / rateHz));
    for (let channel = 0; channel < channels; channel++) {
      wav.writeInt16LE(value, 44 + (i * channels + channel) * 2);
    }
  }
  return wav;
}

/** Writes a second of a 440 Hz tone with the given container and encoder. */
export async function writeTone(path: string, options: { container: string; encoder: FFEncoderCodec; format: AVSampleFormat; planes: number }): Promise<void> {
  const rateHz = 48_000;
  const codec = Codec.findEncoderByName(options.encoder);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = rateHz;
  context.sampleFormat = options.format;
  context.channelLayout = options.planes === 2 ? AV_CHANNEL_LAYOUT_STEREO : AV_CHANNEL_LAYOUT_MONO;
  context.timeBase = new Rational(1, rateHz);
  await context.open2(codec, Dictionary.fromObject({}));
  const format = new FormatContext();
  format.allocOutputContext2(null, options.container, path);
  const stream = format.newStream();
  stream.codecpar.fromContext(context);
  await format.openOutput();
  await format.writeHeader(null);
  const packet = new Packet();
  packet.alloc();
  const samples = context.frameSize === 0 ? 1024 : context.frameSize;
  const frame = new Frame();
  frame.alloc();
  frame.nbSamples = samples;
  frame.sampleRate = rateHz;
  frame.format = options.format;
  frame.channelLayout = context.channelLayout;
  frame.getBuffer(1);
  for (let start = 0; start <= rateHz; start += samples) {
    for (const plane of frame.data ?? []) {
      const values = plane.length / samples === 4 ? new Float32Array(plane.buffer, plane.byteOffset, samples) : new Int16Array(plane.buffer, plane.byteOffset, samples);
      const full = values instanceof Float32Array ? 0.25 : 0.25 * 32_767;
      values.forEach((_, i) => { values[i] = full * Math.sin((2 * Math.PI * 440 * (start + i)) / rateHz); });
    }
    frame.pts = BigInt(start);
    const last = start + samples > rateHz;
    context.sendFrameSync(frame);
    if (last) {
      context.sendFrameSync(null);
    }
    while (context.receivePacketSync(packet) >= 0) {
      packet.streamIndex = 0;
      packet.rescaleTs(context.timeBase, stream.timeBase);
      await format.interleavedWriteFrame(packet);
    }
  }
  await format.writeTrailer();
  await format.closeOutput();
  frame.free();
  packet.free();
  context.freeContext();
}
