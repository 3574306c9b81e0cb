import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The version in Agon's package.json (two folders up, both in `src` and in `dist`). */
export const AGON_VERSION: string = (require('../../package.json') as { version: string }).version;
