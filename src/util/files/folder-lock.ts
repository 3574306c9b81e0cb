import { randomInt, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AgonError, fail, messageOf } from '../error.js';
import { errorCode } from './files.js';
import { isAlive, isLocal, type LockOwner, parseOwner, readOwner, SILENT_MINUTES } from './lock-owner.js';
import { ownIdentity } from './process-identity.js';

/** A lock that is held. */
export interface FolderLock {
  /** Fails where another process has it by now. */
  check(): Promise<void>;
  /** Gives it back, if it is still one's own. */
  release(): Promise<void>;
}

/** What a lock is for, in the words of its messages. */
export interface LockUse {
  /** `is training` */
  readonly verb: string;
  /** `training` */
  readonly noun: string;
}

/** An owner writes its lock anew so often. */
const BEAT_MILLISECONDS = 15_000;
/** So often a lock that nobody holds is tried for while others try as well. */
const ATTEMPTS = 100;

/**
 * Takes the lock of a folder, a file that names its owner. It is written under another name and linked: of any number of
 * processes one gets it, and none sees half of it. A lock that is held is an error that names the owner.
 *
 * Where the owner's number tells which process it is (this machine, this boot, this container) it is looked up, with its start
 * time. An owner elsewhere counts as gone when it has not written its lock for ten minutes.
 */
export async function lockFolder(path: string, use: LockUse): Promise<FolderLock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const own = await writeOwn(path);
    if (await tryFor(path, own, use)) return heldLock(path, own, use);
    await wait(randomInt(1, 10 + attempt));
  }
  return fail(dirname(path), 'other processes begin in this folder at this moment', { hint: 'Try again' });
}

/** Whether a process holds a lock that is still at work, as far as its file tells; reads only. */
export async function isHeld(path: string): Promise<boolean> {
  const owner = await readOwner(path);
  const written = owner && (await stat(path).catch(() => undefined));
  return owner !== undefined && written !== undefined && isAlive(owner, Date.now() - written.mtimeMs);
}

/** Gives back a lock of this process at once: for a process that is about to end without its threads. */
export function releaseAtOnce(path: string): void {
  try {
    const owner = parseOwner(readFileSync(path, 'utf8'));
    const own = ownIdentity();
    if ((['pid', 'started', 'host', 'space'] as const).every((key) => owner?.[key] === own[key])) rmSync(path);
  } catch {
    // There is none.
  }
}

/** One's entry for a lock, in a file of its own: `<lock>.<number>`, and `<lock>.<number>.claim` where a lock is left over. */
interface Own {
  path: string;
  readonly token: string;
  readonly text: string;
  readonly file: FileHandle;
}

async function writeOwn(path: string): Promise<Own> {
  const token = randomUUID();
  const text = JSON.stringify({ token, ...ownIdentity(), since: Date.now() } satisfies LockOwner);
  const own = `${path}.${randomInt(2 ** 47)}`;
  const file = await open(own, 'wx+').catch((error: unknown) => failToWrite(path, error));
  try {
    await file.writeFile(text);
    return { path: own, token, text, file };
  } catch (error) {
    await file.close();
    await rm(own, { force: true });
    return failToWrite(path, error);
  }
}

function failToWrite(path: string, error: unknown): never {
  throw new AgonError(path, `can't be written: ${messageOf(error)}`, {
    hint: 'Choose another folder (--out)',
    cause: error,
  });
}

/** Whether the lock is one's own now; false where others try for it too. One that is held is an error. */
async function tryFor(path: string, own: Own, use: LockUse): Promise<boolean> {
  let taken = false;
  try {
    taken = (await linkTo(path, own)) || (await takeOver(path, own, use));
    if (taken) await removeLeftovers(path, own);
    return taken;
  } finally {
    await rm(own.path, { force: true });
    if (!taken) await own.file.close();
  }
}

/** Whether the lock was free; false also where the file system knows no links. */
async function linkTo(path: string, own: Own): Promise<boolean> {
  try {
    await link(own.path, path);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? '';
    // ENOENT: a process that has got the lock took this entry for a leftover.
    return code === 'EEXIST' || code === 'ENOENT' || NO_LINKS.includes(code) ? false : failToWrite(path, error);
  }
}

const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Takes a lock that was left by an owner that is gone, unless others are about to. */
async function takeOver(path: string, own: Own, use: LockUse): Promise<boolean> {
  await refuseIfHeld(path, own, use);
  if (!(await claimAlone(path, own))) return false;
  // From here nobody else removes a lock: each needs to see no claim but its own, and this one is seen.
  await refuseIfHeld(path, own, use);
  await rm(path, { force: true });
  return (await linkTo(path, own)) || moveTo(path, own);
}

/** Puts one's claim in the lock's place, where there are no links: other claims keep away. */
async function moveTo(path: string, own: Own): Promise<boolean> {
  if (await stat(path).catch(() => undefined)) return false;
  return rename(own.path, path).then(
    () => true,
    () => false,
  );
}

async function refuseIfHeld(path: string, own: Own, use: LockUse): Promise<void> {
  const owner = await readOwner(path);
  if (owner && (await isOwnerAlive(owner, path, own))) refuse(path, owner, use);
}

function refuse(path: string, owner: LockOwner, { verb, noun }: LockUse): never {
  const local = isLocal(owner);
  const unsure = local ? `If it is no ${noun} any more` : `If it is gone, wait ${SILENT_MINUTES} minutes, or`;
  fail(dirname(path), `process ${owner.pid}${local ? '' : ` on host ${owner.host}`} ${verb} in this folder`, {
    hint: `Wait for it, stop it, or choose another folder (--out). ${unsure}${local ? ',' : ''} remove ${path}`,
  });
}

async function isOwnerAlive(owner: LockOwner, path: string, own: Own): Promise<boolean> {
  // Both times are the file system's, whose clock need not be that of this machine.
  const [{ mtimeMs: now }, then] = [await own.file.stat(), await stat(path).catch(() => undefined)];
  return then !== undefined && isAlive(owner, now - then.mtimeMs);
}

/** Makes one's entry a claim; whether it is the only one of processes that are alive. */
async function claimAlone(path: string, own: Own): Promise<boolean> {
  const claim = `${own.path}.claim`;
  const claimed = await rename(own.path, claim).then(
    () => true,
    () => false,
  );
  if (!claimed) return false;
  own.path = claim;
  for (const other of await entriesOf(path)) {
    if (other === claim || !other.endsWith('.claim')) continue;
    const owner = await readOwner(other);
    if (owner && (await isOwnerAlive(owner, other, own))) return false;
  }
  return true;
}

/** Removes what processes have left that were killed while they tried for the lock. */
async function removeLeftovers(path: string, own: Own): Promise<void> {
  for (const other of await entriesOf(path)) {
    if (other === own.path) continue;
    const owner = await readOwner(other);
    if (!owner || !(await isOwnerAlive(owner, other, own))) await rm(other, { force: true });
  }
}

async function entriesOf(path: string): Promise<string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const isEntry = (entry: string) =>
    entry.startsWith(`${name}.`) && /^\d+(\.claim)?$/.test(entry.slice(name.length + 1));
  return (await readdir(folder)).filter(isEntry).map((entry) => join(folder, entry));
}

function heldLock(path: string, { token, text, file }: Own, use: LockUse): FolderLock {
  // Through the open file, which stays one's own whatever is in the lock's place by then.
  const beat = () => void file.write(text, 0).catch(() => undefined);
  const beats = setInterval(beat, BEAT_MILLISECONDS).unref();
  return {
    async check() {
      const owner = await readOwner(path);
      if (owner && owner.token !== token) refuse(path, owner, use);
    },
    async release() {
      clearInterval(beats);
      await file.close();
      if ((await readOwner(path))?.token === token) await rm(path, { force: true });
    },
  };
}
