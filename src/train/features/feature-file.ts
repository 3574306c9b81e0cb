import { createHash } from 'node:crypto';
import { readSafetensorsFile, readSafetensorsMetadata } from '../../onnx/files/safetensors-file.js';
import { safetensorsParts } from '../../onnx/safetensors.js';
import { float32Data, type Tensor, tensor, tensorBytes } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { writeFileWhole } from '../../util/files/files.js';
import { FORMATS } from '../../util/formats/formats.js';

const FORMAT = 'agon-features';

/** Features by the keys of the images that they are of, each as long as the others. */
export type FeatureRows = ReadonlyMap<string, Float32Array>;

/** Writes features whole or not at all: a safetensors file with a tensor `features` [images, length] and the keys in its metadata. */
export async function writeFeatureFile(path: string, rows: FeatureRows, length: number): Promise<void> {
  const keys = JSON.stringify([...rows.keys()]);
  const data = new Float32Array(rows.size * length);
  [...rows.values()].forEach((row, i) => {
    data.set(row, i * length);
  });
  const features = tensor('float32', [rows.size, length], data);
  const metadata = { format: FORMAT, version: String(FORMATS.features.version), keys, checksum: sumOf(keys, features) };
  await writeFileWhole(path, safetensorsParts([['features', features]], metadata));
}

/** The keys of a file; undefined where it isn't one of these features, by what its header says. */
export async function readFeatureKeys(path: string): Promise<readonly string[] | undefined> {
  const { format, version, keys } = await readSafetensorsMetadata(path);
  if (format !== FORMAT || Number(version) !== FORMATS.features.version || keys === undefined) return undefined;
  const list: unknown = JSON.parse(keys);
  return Array.isArray(list) ? list.map(String) : undefined;
}

/** The features of some keys of a file. Throws where the file is damaged. */
export async function readFeatureFile(path: string, wanted: ReadonlySet<string>, length: number): Promise<FeatureRows> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const features = present(tensors.get('features'), 'features');
  const { keys = '[]', checksum } = metadata;
  if (checksum !== sumOf(keys, features)) throw new Error('its content changed since it was written');
  const list = JSON.parse(keys) as string[];
  if (features.dims[0] !== list.length || features.dims[1] !== length) throw new Error('it holds other features');
  const data = float32Data(features);
  const rows = new Map<string, Float32Array>();
  list.forEach((key, i) => {
    if (wanted.has(key)) rows.set(key, data.slice(i * length, (i + 1) * length));
  });
  return rows;
}

function sumOf(keys: string, features: Tensor): string {
  return createHash('sha256').update(keys).update(tensorBytes(features)).digest('hex');
}
