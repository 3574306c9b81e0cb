import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readWhole } from '../onnx/read-whole.js';
import { fail, messageOf } from '../util/error.js';
import { errorCode } from '../util/files.js';
import { MANIFEST_FILE, type Manifest, parseManifest } from './manifest.js';
import { sha256 } from './sha256.js';

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
  const text = await readFile(path, 'utf8').catch((error: unknown) => failManifest(folder, path, error));
  const manifest = parseManifest(text, path);
  return { folder, manifest, read: (file) => readChecked(folder, manifest, file) };
}

function failManifest(folder: string, path: string, error: unknown): never {
  if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') {
    fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
  }
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
    files[file] ?? fail(join(folder, MANIFEST_FILE), `has no entry for the file "${file}"`, { hint: RESTORE });
  if (!existsSync(path)) fail(path, 'is missing from the artifact', { hint: RESTORE });
  const bytes = await readWhole(path);
  if (bytes.length !== entry.bytes) {
    const what = bytes.length < entry.bytes ? 'is cut short' : 'is not the file that the manifest describes';
    fail(path, what, { expected: `${entry.bytes} bytes`, got: `${bytes.length}`, hint: RESTORE });
  }
  const hash = sha256(bytes);
  if (hash === entry.sha256) return bytes;
  return fail(path, 'is not the file that the manifest describes', {
    expected: `SHA-256 ${entry.sha256}`,
    got: hash,
    hint: RESTORE,
  });
}

const RESTORE = 'Restore it, or export the artifact again';
