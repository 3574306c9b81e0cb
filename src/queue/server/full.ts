import { messageOf } from '../../util/error.js';

/** Whether a server refused to write because its memory is full. */
export function isFull(error: unknown): boolean {
  return /\bOOM\b/.test(messageOf(error));
}
