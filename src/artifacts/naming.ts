import { AgonError, fail, messageOf } from '../util/error.js';

/** Runs `read` so that what it throws names the file, or one of the others that it reads. */
export function naming<T>(where: string, read: () => T, others: readonly string[] = []): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AgonError && [where, ...others].some((file) => error.message.includes(file))) throw error;
    return fail(where, `can't be used: ${messageOf(error)}`, { cause: error });
  }
}
