import { Studio } from './studio.ts';

await new Studio().open();
