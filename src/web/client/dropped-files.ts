/** A file, with its path in the folder that was chosen. */
export interface NamedFile {
  readonly name: string;
  readonly file: File;
}

const IMAGES = /\.(?:avif|bmp|gif|jfif|jpe?g|png|webp)$/i;

/** Whether a file of a folder is taken: what else lies there is none of our business. */
function isImage({ name, type }: File): boolean {
  return IMAGES.test(name) || type.startsWith('image/');
}

/** Files that were chosen: one by one, all; of a folder, its images. */
export function chosenFiles(files: Iterable<File>): NamedFile[] {
  return [...files]
    .filter((file) => !file.webkitRelativePath || isImage(file))
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }))
    .sort(byName);
}

/** Files that were dropped, and the images of folders that were. */
export async function droppedFiles({ items, files }: DataTransfer): Promise<NamedFile[]> {
  // Before anything is awaited: the browser empties the list then.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return chosenFiles(files);
  const found = await Promise.all(entries.map((entry) => filesOf(entry, true)));
  return found.flat().sort(byName);
}

async function filesOf(entry: FileSystemEntry, chosen: boolean): Promise<NamedFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return chosen || isImage(file) ? [{ name: entry.fullPath.slice(1), file }] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: NamedFile[] = [];
  for (;;) {
    // A reader gives its entries in parts, an empty one at the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) return found;
    for (const each of part) found.push(...(await filesOf(each, false)));
  }
}

const byName = (a: NamedFile, b: NamedFile) => a.name.localeCompare(b.name, 'en', { numeric: true });
