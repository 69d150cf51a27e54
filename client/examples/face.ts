// Nothing but the face, for a browser source in OBS or a screen on a wall. It connects by itself, and again after every loss.
// face.html?avatar=hopper&background=lime&microphone=mirror; also voice, pack, movement, session, fit=cover, sound=off.
import { element } from '../element.ts';
import { OratorFace } from '../orator-face.ts';
import type { SessionMode } from '../../src/transport/messages.ts';

customElements.define('orator-face', OratorFace);

const face = element('face', OratorFace);
// Seen by who sets it up in a browser, not in a broadcast.
const complain = (error: unknown): void => { document.title = String(error); };
const asked = new URLSearchParams(location.search);
const mode = asked.get('microphone') as SessionMode | null;

async function switchMicrophoneOn(mode: SessionMode): Promise<void> {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true } });
  // Every session anew: the one after a loss knows nothing of the one before.
  const give = (): void => {
    face.client?.setMode(mode);
    face.client?.setMicrophone(microphone.getAudioTracks()[0] ?? null).catch(complain);
  };
  face.addEventListener('link', give);
  give();
}

// Not `server`: this page may reach no other, lest a link sends a microphone elsewhere.
for (const name of OratorFace.observedAttributes.filter((attribute) => attribute !== 'server')) {
  const value = asked.get(name);
  if (value !== null) {
    face.setAttribute(name, value);
  }
}
document.body.style.background = asked.get('background') ?? 'transparent';
face.style.setProperty('--fit', asked.get('fit') ?? 'contain');
face.style.setProperty('--position', '50% 20%');
face.muted = asked.get('sound') === 'off';
// A browser that refused the sound gives it after the first press. OBS never refuses.
addEventListener('click', () => { face.muted = asked.get('sound') === 'off'; });
face.addEventListener('failed', ({ detail }: CustomEventInit<Error>) => { complain(detail); });
face.toggleAttribute('autoplay', true);
if (mode !== null) {
  switchMicrophoneOn(mode).catch(complain);
}
