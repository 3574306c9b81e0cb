import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where Agon keeps what it can make again: `$XDG_CACHE_HOME/agon` or `~/.cache/agon`. Safe to delete. A relative `XDG_CACHE_HOME` doesn't
 * count, as its specification has it.
 */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME: named = '' } = process.env;
  return join(isAbsolute(named) ? named : join(homedir(), '.cache'), 'agon');
}
