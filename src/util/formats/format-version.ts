import { fail } from '../error.js';

/** What a file holds, as JSON gives it. */
export type Content = Readonly<Record<string, unknown>>;

/** Turns what a file of one version holds into what the next version would hold. It is pure, and takes what is damaged as well. */
export type Migration = (content: Content) => Content;

/** A kind of file that Agon writes and reads. */
export interface FileFormat {
  /** What messages call such a file: `checkpoint`. */
  readonly noun: string;
  /** The version that is written; all versions from 1 on are read. */
  readonly version: number;
  /** From version 1 to 2, from 2 to 3, and so on. */
  readonly migrations: readonly Migration[];
}

/** A format with its migrations, which count its versions: one more migration is one more version. */
export function defineFormat(noun: string, migrations: readonly Migration[] = []): FileFormat {
  return { noun, version: migrations.length + 1, migrations };
}

/** A format whose new fields say nothing new to older files: they simply lack them. */
export const unchanged: Migration = (content) => content;

/**
 * The version that a file says, 1 where it says none. One that is newer than what this Agon reads, and what is no version, are
 * errors that name the file.
 */
export function checkVersion({ noun, version: newest }: FileFormat, said: unknown, where: string): number {
  const version = said === undefined ? 1 : typeof said === 'string' ? Number(said) : said;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
    return fail(where, `format version of the ${noun}`, {
      expected: `a whole number from 1 to ${newest}`,
      got: JSON.stringify(said),
      hint: 'The file is damaged',
    });
  }
  if (version <= newest) return version;
  return fail(
    where,
    `this ${noun} was written by a newer Agon: format version ${version}, this one reads up to ${newest}`,
    {
      hint: 'Update Agon, or go on with the version that wrote it',
    },
  );
}

/** What a file of any known version holds, in terms of the newest, without its `version`. */
export function migrate(format: FileFormat, { version: said, ...content }: Content, where: string): Content {
  const version = checkVersion(format, said, where);
  return format.migrations.slice(version - 1).reduce<Content>((older, migration) => migration(older), content);
}
