import { dirname, isAbsolute, join } from 'node:path';
import { extensionOf } from '../tree/file-names.js';
import type { FileTree } from '../tree/file-tree.js';

/** Endings that are tried for a file that a table names without one. */
const ENDINGS = ['.jpg', '.jpeg', '.png', '.webp', '.JPG'];
/** So many of the folders beside a table are searched. */
const MOST_FOLDERS = 20;

/** Finds a file that a table names; undefined where there is none. */
export type FindImage = (name: string) => Promise<string | undefined>;

/** Files are looked for beside the table; then in the folders there, if one alone has them; and without the ending of their names. */
export async function imageFinder(tree: FileTree, table: string): Promise<FindImage> {
  const folder = dirname(table);
  const below = (await tree.readFolder(folder)).folders.slice(0, MOST_FOLDERS).map((name) => join(folder, name));
  const existing = async (paths: readonly string[]) => {
    const found: string[] = [];
    for (const path of paths) if (await tree.hasFile(path)) found.push(path);
    return found;
  };
  return async (name) => {
    const spelled = name.replaceAll('\\', '/');
    const names = extensionOf(spelled) === '' ? [spelled, ...ENDINGS.map((end) => spelled + end)] : [spelled];
    if (isAbsolute(name)) return (await existing([name]))[0];
    const [own] = await existing(names.map((each) => join(folder, each)));
    if (own !== undefined) return own;
    const others = await existing(below.flatMap((each) => names.map((file) => join(each, file))));
    return others.length === 1 ? others[0] : undefined;
  };
}
