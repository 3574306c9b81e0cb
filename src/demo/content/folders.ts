import type { ClassEntry } from './project.js';

/** Pictures of a folder, and the class that they go to: one that is there, or a new one of that name. */
export interface FolderClass<File> {
  readonly name: string;
  /** Of the class that takes them; undefined where it is to be made. */
  readonly id: string | undefined;
  readonly files: readonly File[];
}

/**
 * Which class takes the files of which folder: that of the folder's name; else one that is empty; else a new one.
 *
 * @param isEmpty - Whether a class has no pictures and no name of its own.
 * @returns The classes, and the names of folders for which there is no room.
 */
export function classesOfFolders<File extends { readonly name: string }>(
  files: readonly File[],
  classes: readonly ClassEntry[],
  isEmpty: (entry: ClassEntry) => boolean,
  most: number,
): { readonly taken: readonly FolderClass<File>[]; readonly left: readonly string[] } {
  const folders = new Map<string, File[]>();
  for (const file of files) {
    const name = folderOf(file.name);
    folders.set(name, [...(folders.get(name) ?? []), file]);
  }
  const named = new Set(classes.filter(({ name }) => folders.has(name)).map(({ id }) => id));
  const empty = classes.filter((entry) => !named.has(entry.id) && isEmpty(entry));
  let room = most - classes.length;
  const taken: FolderClass<File>[] = [];
  const left: string[] = [];
  for (const [name, own] of folders) {
    const id = classes.find((entry) => entry.name === name)?.id ?? empty.shift()?.id;
    if (id === undefined && room-- <= 0) left.push(name);
    else taken.push({ name, id, files: own });
  }
  return { taken, left };
}

/** The name of the folder that a file is in. */
function folderOf(path: string): string {
  return path.split('/').at(-2) ?? '';
}
