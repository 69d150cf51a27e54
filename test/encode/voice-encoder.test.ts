import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpusDecoder } from 'opus-decoder';
import { InvalidStateError } from '../../src/base/errors.ts';
import { VOICE_PACKET_SAMPLES, VOICE_RATE_HZ, VoiceEncoder } from '../../src/encode/voice-encoder.ts';

const tone = (packet: number): Float32Array => Float32Array.from(
  { length: VOICE_PACKET_SAMPLES }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 440 * (packet * VOICE_PACKET_SAMPLES + i)) / VOICE_RATE_HZ),
);

test('a tone survives as Opus packets of 20 ms', async () => {
  await using encoder = await VoiceEncoder.open();
  const decoder = new OpusDecoder({ sampleRate: 48_000, channels: 1 });
  await decoder.ready;
  let bytes = 0;
  for (let packet = 0; packet < 50; packet++) {
    const unit = encoder.encode(tone(packet), packet * 20_000);
    assert.equal(unit.kind, 'audio');
    assert.equal(unit.mediaUs, packet * 20_000);
    assert.equal(unit.keyFrame, true);
    bytes += unit.data.length;
    const { channelData: [samples], samplesDecoded } = decoder.decodeFrame(unit.data);
    assert.equal(samplesDecoded, VOICE_PACKET_SAMPLES);
    if (packet > 5 && samples !== undefined) {
      const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samplesDecoded);
      assert.ok(Math.abs(rms - 0.4 / Math.SQRT2) < 0.03, `packet ${packet} has rms ${rms.toFixed(3)}`);
    }
  }
  decoder.free();
  assert.ok(bytes * 8 < 60_000, `${bytes * 8} bit in a second`);
});

test('a packet carries a copy of the one before it when loss is expected', async () => {
  const size = async (expectedLossPercent: number): Promise<number> => {
    await using encoder = await VoiceEncoder.open({ expectedLossPercent, bitrateBps: 24_000 });
    let copies = 0;
    for (let packet = 0; packet < 50; packet++) {
      copies += hasInBandCopy(encoder.encode(tone(packet), packet * 20_000).data) ? 1 : 0;
    }
    return copies;
  };
  assert.equal(await size(0), 0);
  assert.ok(await size(20) > 25);
});

test('wrong arguments and a closed encoder are told apart', async () => {
  await assert.rejects(VoiceEncoder.open({ bitrateBps: 1000 }), TypeError);
  await assert.rejects(VoiceEncoder.open({ expectedLossPercent: 90 }), TypeError);
  const encoder = await VoiceEncoder.open({ bitrateBps: 32_000 });
  assert.throws(() => encoder.encode(new Float32Array(480), 0), TypeError);
  const closing = encoder.close();
  assert.equal(encoder.close(), closing);
  await closing;
  assert.throws(() => encoder.encode(tone(0), 0), InvalidStateError);
});

/** Whether a mono 20 ms SILK or hybrid packet has its LBRR flag set (RFC 6716, 4.2.4: the second bit of the SILK layer, range coded with even odds). */
function hasInBandCopy(packet: Uint8Array): boolean {
  const configuration = packet[0]! >> 3;
  return configuration < 16 && (packet[1]! & 0x40) !== 0;
}
