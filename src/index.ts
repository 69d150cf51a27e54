export { AvatarError, ERROR_CATALOGUE } from './base/errors.ts';
export type { ErrorCode, ErrorEntry } from './base/errors.ts';
export { renderFilm } from './film.ts';
export type { FilmOptions, FilmSummary } from './film.ts';
export type { SadTalkerFilm } from './packs/sadtalker-film.ts';
export { parseConfig, readConfig } from './server/config.ts';
export type { Config } from './server/config.ts';
export { OratorServer } from './server/orator-server.ts';
export type { ClientMessage, ServerMessage, SessionMode } from './transport/messages.ts';
