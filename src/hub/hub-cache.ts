import { existsSync } from 'node:fs';
import { link, readdir, readFile, rename, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fail, messageOf } from '../util/error.js';
import { makeFolderOf, writeFileWhole } from '../util/files/files.js';
import { type Environment, hubCache } from './environment.js';

/** A file of a repository of models on the hub. */
export interface HubFile {
  /** `timm/resnet18.tv_in1k` */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Its path in the repository. */
  readonly file: string;
}

/** A file in the cache, and the commit that it is of. */
export interface CachedFile {
  readonly path: string;
  readonly commit: string;
}

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The folder of a repository in the hub's cache, in Hugging Face's own layout: `blobs/<etag>` are files, `snapshots/<commit>/<file>` links to
 * them, `refs/<revision>` the commits of branches and tags.
 */
function repositoryFolder(repository: string, env: Environment): string {
  return join(hubCache(env), ['models', ...repository.split('/')].join('--'));
}

/** Where the content with an ETag is kept. */
export function blobPath({ repository }: HubFile, etag: string, env: Environment): string {
  return join(repositoryFolder(repository, env), 'blobs', etag);
}

/**
 * A file in the cache: of the commit that the revision was when it was last asked for, else of any other that is there. Undefined where there
 * is none.
 */
export async function findCached(wanted: HubFile, env: Environment): Promise<CachedFile | undefined> {
  const folder = repositoryFolder(wanted.repository, env);
  const commit = COMMIT.test(wanted.revision) ? wanted.revision : await commitOf(folder, wanted.revision);
  const others = commit === wanted.revision ? [] : await readdir(join(folder, 'snapshots')).catch(() => []);
  for (const each of [...(commit === undefined ? [] : [commit]), ...others.toSorted()]) {
    const path = join(folder, 'snapshots', each, wanted.file);
    // A link to a blob that was removed is none
    if (existsSync(path)) return { path, commit: each };
  }
  return undefined;
}

async function commitOf(folder: string, revision: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'refs', revision), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

/** Gives a blob its name in a commit's snapshot, and notes the commit of the revision; returns where it is then. */
export async function addToSnapshot(wanted: HubFile, commit: string, blob: string, env: Environment): Promise<string> {
  const folder = repositoryFolder(wanted.repository, env);
  const path = join(folder, 'snapshots', commit, wanted.file);
  try {
    await makeFolderOf(path);
    if (!existsSync(path)) await linkTo(blob, path);
    if (!COMMIT.test(wanted.revision)) {
      const ref = join(folder, 'refs', wanted.revision);
      await makeFolderOf(ref);
      await writeFileWhole(ref, commit);
    }
  } catch (error) {
    fail(path, `can't be written: ${messageOf(error)}`, { hint: 'Choose another cache (HF_HOME)', cause: error });
  }
  return path;
}

/** Links; where the system has none for this user, as Windows, the file itself goes there, as in Hugging Face's own programs. */
async function linkTo(blob: string, path: string): Promise<void> {
  const linked = await symlink(relative(dirname(path), blob), path).then(
    () => true,
    () => false,
  );
  if (linked) return;
  await link(blob, path).catch(async () => rename(blob, path));
}
