import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { readWhole } from '../onnx/read-whole.js';
import { fail } from '../util/error.js';
import { readTextIfThere } from '../util/files/read-json.js';
import { sha256 } from '../util/files/sha256.js';
import { ownEntry } from '../util/own-entry.js';
import { MANIFEST_FILE, type Manifest, parseManifest } from './manifest.js';

/** An artifact's folder, open for reading. */
export interface Artifact {
  readonly folder: string;
  readonly manifest: Manifest;
  /** The bytes of one of its files, which must be the ones that the manifest describes. */
  read(file: string): Promise<Uint8Array>;
}

/** Reads the manifest of an artifact's folder; its files are read when they are asked for. Errors name file and cause. */
export async function openArtifact(folder: string): Promise<Artifact> {
  const path = join(folder, MANIFEST_FILE);
  const text = (await readTextIfThere(path)) ?? failNoManifest(folder);
  await checkInside(folder, MANIFEST_FILE);
  const manifest = parseManifest(text, path);
  return { folder, manifest, read: (file) => readChecked(folder, manifest, file) };
}

function failNoManifest(folder: string): never {
  const isOfficial = ['training_model.onnx', 'eval_model.onnx'].some((name) => existsSync(join(folder, name)));
  fail(folder, `there is no training artifact in this folder (no ${MANIFEST_FILE})`, {
    hint: isOfficial
      ? 'These are ONNX Runtime\'s own: convert them with "agon artifacts import"'
      : 'Make one with "agon artifacts export"',
  });
}

async function readChecked(folder: string, { files }: Manifest, file: string): Promise<Uint8Array> {
  const path = join(folder, file);
  const entry =
    ownEntry(files, file) ??
    fail(join(folder, MANIFEST_FILE), `has no entry for the file "${file}"`, { hint: RESTORE });
  if (!existsSync(path)) fail(path, 'is missing from the artifact', { hint: RESTORE });
  await checkInside(folder, file);
  const bytes = await readWhole(path);
  if (bytes.length !== entry.bytes) {
    const what = bytes.length < entry.bytes ? 'is cut short' : 'is not the file that the manifest describes';
    fail(path, what, { expected: `${entry.bytes} bytes`, got: `${bytes.length}`, hint: RESTORE });
  }
  const hash = sha256([bytes]);
  if (hash === entry.sha256) return bytes;
  return fail(path, 'is not the file that the manifest describes', {
    expected: `SHA-256 ${entry.sha256}`,
    got: hash,
    hint: RESTORE,
  });
}

/** Fails for a link that leads out of the folder: what is there may be anything, and stays there when the folder is copied. */
async function checkInside(folder: string, file: string): Promise<void> {
  const [root, target] = await Promise.all([realpath(folder), realpath(join(folder, file))]);
  const way = relative(root, target);
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
  fail(join(folder, file), 'is a link that leads out of the artifact', {
    expected: 'a file in its folder',
    got: target,
    hint: 'Put a copy of the file in its place',
  });
}

const RESTORE = 'Restore it, or export the artifact again';
