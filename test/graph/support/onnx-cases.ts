import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { decodeModel } from '../../../src/onnx/file.js';
import type { ModelProto } from '../../../src/onnx/model.js';
import type { Tensor } from '../../../src/onnx/tensor.js';
import { decodeTensor } from '../../../src/onnx/tensor-proto.js';
import { SHARED_DATA } from './shared.js';

export const ARCHIVE = 'onnx-node-tests.tar.xz';

/** One of ONNX's operator cases: a model, what it is fed and what it should give. */
export interface OnnxCase {
  readonly name: string;
  readonly model: ModelProto;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Unpacks ONNX's operator cases; returns their folders and a function that removes them. */
export function unpackCases(): { folders: string[]; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'agon-onnx-cases-'));
  execFileSync('tar', ['xJf', SHARED_DATA + ARCHIVE, '-C', root]);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const folders = files.filter((file) => basename(file) === 'model.onnx').map((file) => join(root, dirname(file)));
  return { folders: folders.sort(), remove: () => rmSync(root, { recursive: true }) };
}

/** Reads a case. Inputs that the model gives a value aren't in its files. */
export function readCase(folder: string): OnnxCase {
  const model = decodeModel(readFileSync(join(folder, 'model.onnx')));
  const files = readdirSync(join(folder, 'test_data_set_0'));
  const read = (kind: string, values: readonly { name: string }[]) =>
    new Map(
      values.flatMap(({ name }, i) => {
        const file = `${kind}_${i}.pb`;
        return files.includes(file) ? [[name, decodeTensor(readFileSync(join(folder, 'test_data_set_0', file)))]] : [];
      }),
    );
  return {
    name: folder.split('/').slice(-2).join('/'),
    model,
    inputs: read('input', model.graph.input),
    outputs: read('output', model.graph.output),
  };
}
