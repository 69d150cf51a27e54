import { fileURLToPath } from 'node:url';

/** Folder with the networks and the portraits that come with the project. */
export const MODELS_FOLDER = fileURLToPath(new URL('../models', import.meta.url));
