import type { SkippedFile, StoredImage } from '../dataset/dataset.js';

/** A file in an archive. */
export interface ArchiveEntry {
  /** Its path in the archive, with slashes. */
  readonly name: string;
  readonly stored: StoredImage;
}

/** What an archive holds: its files in their order, and what can't be read of it. */
export interface ArchiveContent {
  readonly entries: readonly ArchiveEntry[];
  /** `path` is that in the archive. */
  readonly skipped: readonly SkippedFile[];
}

/** An archive with more entries is refused: their names alone would fill the memory. */
export const MOST_ENTRIES = 5_000_000;

/**
 * The parts of an entry's path; or why it isn't read. Nothing is ever written under such a name: one that leads out of the archive is
 * no file of it.
 */
export function partsOf(name: string): readonly string[] | { readonly reason: string } {
  if (/^([/\\]|[A-Za-z]:)/.test(name)) return { reason: 'its path in the archive is absolute' };
  if (name.includes('\0')) return { reason: 'its name has a zero byte' };
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return { reason: 'its path leads out of the archive' };
  return parts;
}
