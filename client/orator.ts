// The library for other pages: a client, and an element made of it.
import { OratorFace } from './orator-face.ts';

export { OratorApi, OratorError } from './orator-api.ts';
export type { AvatarSummary, SessionDescription, SessionRequest, VoiceSummary } from './orator-api.ts';
export { OratorClient } from './orator-client.ts';
export type { OratorClientOptions, OratorEvents, SessionState } from './orator-client.ts';
export { OratorFace };

if (customElements.get('orator-face') === undefined) {
  customElements.define('orator-face', OratorFace);
}
