// Speak with your own voice: a session in mode `mirror` that is sent the microphone.
import { element } from '../element.ts';
import { OratorClient } from '../orator-client.ts';

const video = element('video', HTMLVideoElement);
const toggle = element('toggle', HTMLButtonElement);
const status = element('status', HTMLElement);
let client: OratorClient | undefined;
let microphone: MediaStream | undefined;

async function switchOn(): Promise<void> {
  microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true } });
  client = await OratorClient.connect({ mode: 'mirror' });
  await client.setMicrophone(microphone.getAudioTracks()[0] ?? null);
  video.srcObject = client.stream;
  await video.play();
  client.on('session.state', ({ state }) => { status.textContent = state; });
  client.on('session.ended', ({ reason }) => { status.textContent = reason; });
}

async function switchOff(): Promise<void> {
  microphone?.getTracks().forEach((track) => { track.stop(); });
  await client?.close();
  client = undefined;
  status.textContent = 'Off.';
}

async function press(): Promise<void> {
  toggle.disabled = true;
  try {
    await (client === undefined ? switchOn() : switchOff());
  } catch (error) {
    await switchOff();
    status.textContent = String(error);
  }
  toggle.disabled = false;
  toggle.setAttribute('aria-pressed', String(client !== undefined));
  toggle.textContent = client === undefined ? 'Switch the microphone on' : 'Switch the microphone off';
}

toggle.addEventListener('click', () => { void press(); });
