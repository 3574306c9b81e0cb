import type * as Zeromq from 'zeromq';
import { fail } from '../../util/error.js';

/** Loads the optional package that carries messages between peers. Where it isn't installed, the error says how to get it. */
export async function loadZeromq(where: string): Promise<typeof Zeromq> {
  try {
    return await import('zeromq');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail(where, 'peers need the optional package zeromq, which is not installed', {
      hint: 'Run `npm install zeromq@6.8.0`',
      cause: error,
    });
  }
}
