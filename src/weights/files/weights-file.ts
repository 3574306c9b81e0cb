import { dirname, join } from 'node:path';
import { withoutImageInput } from '../../foreign/image-input.js';
import { readModelFile } from '../../onnx/file.js';
import { readSafetensorsFile } from '../../onnx/files/safetensors-file.js';
import type { Tensor } from '../../onnx/tensor.js';
import { fromTensorProto } from '../../onnx/tensor-proto.js';
import { AgonError, fail, messageOf } from '../../util/error.js';
import { readTorchFile } from '../torch/read-torch.js';
import { detectFormat, type WeightsFormat } from './detect-format.js';
import { onnxConfig } from './onnx-config.js';
import { readTimmConfig, type WeightsConfig } from './timm-config.js';

/** Weights as a file has them. */
export interface WeightsFile {
  /** The file's path. */
  readonly where: string;
  /** `run`: a checkpoint of one. */
  readonly format: WeightsFormat | 'run';
  /** Under the file's own names, in its order. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What is to be known of how they were found: dictionaries around them, a smoothed copy. */
  readonly notes: readonly string[];
  /** Of `config.json` beside it, or of the model's own metadata. */
  readonly config?: WeightsConfig;
}

/** Reads the weights in a safetensors file, a file of `torch.save` or an ONNX model, told apart by their first bytes; errors name the file. */
export async function readWeightsFile(path: string): Promise<WeightsFile> {
  const format = await detectFormat(path);
  const read = await READERS[format](path);
  if (read.tensors.size === 0) fail(path, 'holds no weights');
  const config = read.config ?? (await readTimmConfig(join(dirname(path), 'config.json')));
  return { where: path, format, ...read, ...(config && { config }) };
}

type Read = Pick<WeightsFile, 'tensors' | 'notes' | 'config'>;

const READERS: Readonly<Record<WeightsFormat, (path: string) => Promise<Read>>> = {
  safetensors: readSafe,
  pytorch: (path) => readTorch(path, false),
  'early pytorch': (path) => readTorch(path, true),
  onnx: readOnnx,
};

async function readSafe(path: string): Promise<Read> {
  try {
    return { tensors: (await readSafetensorsFile(path)).tensors, notes: [] };
  } catch (error) {
    if (error instanceof AgonError) throw error;
    return fail(path, `can't be read: ${messageOf(error)}`, { cause: error });
  }
}

async function readTorch(file: string, early: boolean): Promise<Read> {
  const { tensors, path, smoothed } = await readTorchFile(file, early);
  const kept =
    path.length > 0 ? [`Taken from ${path.join('.')}${smoothed ? ', a smoothed (EMA) copy' : ''} in the file.`] : [];
  return { tensors, notes: kept };
}

/** Initializers of an ONNX model by name; one of Agon's says how its images are prepared. */
async function readOnnx(path: string): Promise<Read> {
  const model = withoutImageInput(await readModelFile(path));
  const tensors = new Map(model.graph.initializer.map((proto) => [proto.name ?? '', fromTensorProto(proto)]));
  const config = onnxConfig(model, path);
  return { tensors, notes: [], ...(config && { config }) };
}
