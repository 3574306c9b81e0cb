import type { StoredImage } from '../dataset/dataset.js';
import type { FileKind } from '../image/image-type.js';

/** What a folder holds, each sorted by name (by UTF-16 code units, on every machine alike). */
export interface FolderContent {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Links that lead nowhere, and what is neither a file nor a folder. */
  readonly odd: readonly { readonly name: string; readonly reason: string }[];
  /** What the system put there: it is not read. */
  readonly system: readonly string[];
}

/** Folders and files: of a disk, or in an archive, where a path begins with the archive's own. */
export interface FileTree {
  /** The names in a folder by kind, hidden ones left out. */
  readFolder(folder: string): Promise<FolderContent>;
  /** What a file is by its first bytes. */
  kindOf(path: string): Promise<FileKind>;
  /** The content of a file that isn't large. */
  readFile(path: string): Promise<Uint8Array>;
  /** Whether there is a file of this path. */
  hasFile(path: string): Promise<boolean>;
  /** Where the bytes of a file are inside another; undefined for one of its own. */
  stored(path: string): StoredImage | undefined;
}
