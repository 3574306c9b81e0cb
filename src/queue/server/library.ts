import type * as Bullmq from 'bullmq';
import type * as Ioredis from 'ioredis';
import { fail } from '../../util/error.js';

const INSTALL = 'Run `npm install bullmq@6.7.0 ioredis@5.11.1`';

/** The optional packages that carry the queue. */
export interface Library {
  readonly bullmq: typeof Bullmq;
  readonly ioredis: typeof Ioredis;
}

/** Loads the optional packages. Where one isn't installed, the error says how to get both. */
export async function loadLibrary(): Promise<Library> {
  try {
    return { bullmq: await import('bullmq'), ioredis: await import('ioredis') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail('--queue', 'a queue needs the optional packages bullmq and ioredis, which are not installed', {
      hint: INSTALL,
      cause: error,
    });
  }
}
