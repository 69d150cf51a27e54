import { fileURLToPath } from 'node:url';

/** The folder of model files that come with the project. */
export const MODELS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url));
