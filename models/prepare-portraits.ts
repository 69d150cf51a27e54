/**
 * Maintainer's tool: prepares the portraits that come with the project.
 * Usage: node models/prepare-portraits.ts
 * It reads the original picture in each folder of models/portraits and writes the prepared avatar beside it, in the form in which avatars are stored.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAvatar } from '../src/avatars/avatar-files.ts';
import { AvatarPreparer } from '../src/avatars/avatar-preparer.ts';
import { noStats } from '../src/base/stats.ts';

/** Portraits by id: the file, and the name that is shown. */
const PORTRAITS = {
  astronaut: { file: 'original.png', name: 'Astronaut' },
  hopper: { file: 'original.jpg', name: 'Admiral' },
} as const;

const folder = join(import.meta.dirname, 'portraits');
await using preparer = new AvatarPreparer({ modelsFolder: import.meta.dirname, stats: noStats });
for (const [id, { file, name }] of Object.entries(PORTRAITS)) {
  const avatar = await preparer.prepare(readFileSync(join(folder, id, file)), { id, name, builtIn: true });
  await writeAvatar(join(folder, id), avatar);
  console.log(`${id}: ${avatar.width} × ${avatar.height} ${avatar.warnings.join(' ')}`);
}
