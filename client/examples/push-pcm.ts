// Stream PCM from anywhere: decode a sound file and push it in pieces, a little ahead of its playing.
import { element } from '../element.ts';
import { OratorClient } from '../orator-client.ts';

const RATE_HZ = 24_000;
const PIECE_MS = 100;
const AHEAD_MS = 1000;

const video = element('video', HTMLVideoElement);
const file = element('file', HTMLInputElement);
const status = element('status', HTMLElement);

async function decode(sound: Blob): Promise<Float32Array> {
  const decoded = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await sound.arrayBuffer());
  return decoded.getChannelData(0);
}

async function push(client: OratorClient, samples: Float32Array): Promise<void> {
  const pieceSamples = RATE_HZ * PIECE_MS / 1000;
  const startMs = performance.now();
  client.startPcm(RATE_HZ);
  for (let at = 0; at < samples.length; at += pieceSamples) {
    client.pushPcm(samples.subarray(at, at + pieceSamples));
    const aheadMs = 1000 * at / RATE_HZ - (performance.now() - startMs);
    await new Promise((resolve) => { setTimeout(resolve, aheadMs - AHEAD_MS); });
  }
  client.endPcm();
}

async function play(sound: Blob): Promise<void> {
  const samples = await decode(sound);
  const client = await OratorClient.connect();
  video.srcObject = client.stream;
  await video.play();
  client.on('speech.started', () => { status.textContent = 'Speaking …'; });
  client.on('speech.ended', ({ playedMs }) => {
    status.textContent = `Spoken: ${(playedMs / 1000).toFixed(1)} s.`;
    void client.close();
  });
  await push(client, samples);
}

file.addEventListener('change', () => {
  const sound = file.files?.[0];
  if (sound !== undefined) {
    play(sound).catch((error: unknown) => { status.textContent = String(error); });
  }
});
