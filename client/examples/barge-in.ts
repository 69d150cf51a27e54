// A voice assistant's turn: sentences are queued as a language model would deliver them, the viewer's voice interrupts,
// and speech.ended says of each sentence how much was heard: that much belongs into the conversation's history.
import { element } from '../element.ts';
import { OratorClient } from '../orator-client.ts';

const SENTENCES = ['Once upon a time there was a portrait.', 'It hung in a long and quiet hall.', 'All day it looked straight ahead.', 'One night it blinked, and nobody saw it.', 'The next night it spoke.'];

const video = element('video', HTMLVideoElement);
const start = element('start', HTMLButtonElement);
const status = element('status', HTMLElement);
let next = 0;

function recite(client: OratorClient): void {
  const waiting = new Map(SENTENCES.slice(next).map((sentence) => [client.speak(sentence), sentence]));
  const stop = client.on('speech.ended', ({ id, playedMs, interrupted }) => {
    if (!waiting.delete(id)) {
      return;
    }
    if (!interrupted) {
      next += 1;
    } else if (playedMs > 0) {
      status.textContent = `Interrupted ${(playedMs / 1000).toFixed(1)} s into sentence ${next + 1}.`;
    }
    if (waiting.size === 0) {
      stop();
      status.textContent = next === SENTENCES.length ? 'The end.' : status.textContent;
    }
  });
}

async function begin(): Promise<void> {
  start.disabled = true;
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
  const client = await OratorClient.connect({ mode: 'listen' });
  await client.setMicrophone(microphone.getAudioTracks()[0] ?? null);
  video.srcObject = client.stream;
  await video.play();
  client.on('vad.started', () => { client.interrupt(); });
  client.on('vad.ended', () => {
    if (next < SENTENCES.length) {
      recite(client);
    }
  });
  client.on('session.ended', ({ reason }) => { status.textContent = reason; });
  status.textContent = 'Reciting.';
  recite(client);
}

start.addEventListener('click', () => { begin().catch((error: unknown) => { status.textContent = String(error); }); });
