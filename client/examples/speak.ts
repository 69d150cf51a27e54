// Type text and hear it: connect on the first press (browsers play sound only after one), then speak.
import { element } from '../element.ts';
import { OratorClient } from '../orator-client.ts';

const video = element('video', HTMLVideoElement);
const text = element('text', HTMLInputElement);
const status = element('status', HTMLElement);
let connecting: Promise<OratorClient> | undefined;

async function connect(): Promise<OratorClient> {
  status.textContent = 'Connecting …';
  const client = await OratorClient.connect();
  video.srcObject = client.stream;
  await video.play();
  client.on('session.state', ({ state }) => { status.textContent = state; });
  client.on('error', ({ code, message }) => { status.textContent = `${code}: ${message}`; });
  client.on('session.ended', ({ reason }) => {
    status.textContent = reason;
    connecting = undefined;
  });
  return client;
}

async function speak(): Promise<void> {
  try {
    connecting ??= connect();
    (await connecting).speak(text.value);
  } catch (error) {
    status.textContent = String(error);
    connecting = undefined;
  }
}

element('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void speak();
});
