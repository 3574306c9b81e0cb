import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../src/onnx/codec.js';
import { decodeModel, encodeModel } from '../../src/onnx/file.js';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import { tensor } from '../../src/onnx/tensor.js';
import { decodeTensor, fromTensorProto, toTensorProto } from '../../src/onnx/tensor-proto.js';
import { AgonError } from '../../src/util/error.js';
import { stream } from '../../src/util/random.js';
import { DAMAGES } from '../support/damage.js';
import { realModel, realModels, SMALL } from './models.js';
import { NUMERIC } from './samples.js';

const SEED = 20_260_822;

/** Reads a damaged file; anything but success or an AgonError is a failure that names seed and case. */
function survives(read: () => void, label: string): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof AgonError) return false;
    throw new Error(`${label}: ${error}`, { cause: error });
  }
}

function attack(bytes: Uint8Array, read: (damaged: Uint8Array) => void, runs: number): void {
  for (const [kind, damage] of Object.entries(DAMAGES)) {
    let refused = 0;
    for (let i = 0; i < runs; i++) {
      const damaged = damage(bytes.slice(), stream(SEED, kind, i));
      if (!survives(() => read(damaged), `seed ${SEED}, ${kind}, case ${i}`)) refused++;
    }
    if (kind === 'truncation') expect(refused).toBeGreaterThan(runs / 2);
  }
}

/** Whatever could be read can be written, and is then read as the same. */
function readModel(bytes: Uint8Array): void {
  const model = decodeModel(bytes);
  for (const proto of model.graph.initializer) survives(() => fromTensorProto(proto), proto.name ?? '');
  const written = encodeModel(model);
  if (bytes.length < 2000) expect(decodeModel(written)).toEqual(model);
}

const tensors = NUMERIC.map((dtype) => [dtype, tensor(dtype, [3], [1, 0, 1])] as const);

describe('damaged files are read or refused with an AgonError', () => {
  test('small model', () => attack(encodeModel(SMALL), readModel, 1000));
  test.skipIf(realModels.length === 0)('real model (skipped where ../shared/data/onnx-models is absent)', () => {
    attack(realModel('mnist-8_cntk.onnx'), readModel, 200);
  });
  test('safetensors', () => attack(encodeSafetensors(tensors, { by: 'test' }), readSafetensors, 1000));
  test.each(tensors)('tensor of %s', (name, original) => {
    attack(encodeMessage('TensorProto', toTensorProto(name, original), 'test'), decodeTensor, 100);
  });
  test('tensor with typed data', () => {
    const proto = {
      dims: [2],
      dataType: 7,
      floatData: [1, 2],
      int32Data: [1, -2],
      int64Data: [1n, -2n],
      doubleData: [1],
    };
    attack(encodeMessage('TensorProto', proto, 'test'), decodeTensor, 1000);
  });
});

test.each([
  ['float_data', 0x22],
  ['int32_data', 0x2a],
  ['int64_data', 0x3a],
  ['raw_data', 0x4a],
  ['double_data', 0x52],
  ['uint64_data', 0x5a],
  ['string_data', 0x32],
])('a length of 2 GiB for %s allocates nothing', (_, tag) => {
  const bytes = Uint8Array.of(0x10, 1, tag, 0xff, 0xff, 0xff, 0xff, 0x07, 1, 2, 3);
  const before = process.memoryUsage();
  expect(() => decodeTensor(bytes)).toThrow(AgonError);
  const after = process.memoryUsage();
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(2 ** 26);
});
