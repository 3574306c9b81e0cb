import { dirname } from 'node:path';
import { writeFileWhole } from '../util/files/files.js';
import { readExternalData } from './external-data.js';
import type { ModelProto } from './model.js';
import { decodeModel, encodeModel } from './model-bytes.js';
import { readWhole } from './read-whole.js';

export { decodeModel, encodeModel } from './model-bytes.js';

/** Reads a model file and whatever external data it names beside it. Errors name the file. */
export async function readModelFile(path: string): Promise<ModelProto> {
  return readExternalData(decodeModel(await readWhole(path), path), dirname(path), path);
}

/** Writes a model file, whole or not at all. */
export async function writeModelFile(path: string, model: ModelProto): Promise<void> {
  await writeFileWhole(path, encodeModel(model, path));
}
