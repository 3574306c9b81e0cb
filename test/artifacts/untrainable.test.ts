import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/artifacts/import-model.js';
import type { NodeProto } from '../../src/onnx/model.js';
import { tensor } from '../../src/onnx/tensor.js';
import { importNetwork } from '../../src/ort-training/files/import-network.js';
import { modelProto, nodeProto, valueProto, weightProto } from '../graph/support/protos.js';

/** A classifier [N, 2, 4, 4] -> [N, 3] with `between` from `c` to `d`, before its last layer. */
function classifier(between: NodeProto, stored: boolean) {
  const node = [
    nodeProto('Conv', ['images', 'k'], ['c'], {}, 'stem'),
    between,
    nodeProto('GlobalAveragePool', ['d'], ['p']),
    nodeProto('Flatten', ['p'], ['f']),
    nodeProto('Gemm', ['f', 'w'], ['logits'], { transB: 1 }, 'head'),
  ];
  const weights = [weightProto('k', 2, 2, 1, 1), weightProto('w', 3, 2)];
  const input = [valueProto('images', ['N', 2, 4, 4]), valueProto('k', [2, 2, 1, 1]), valueProto('w', [3, 2])];
  const output = [valueProto('logits')];
  return stored
    ? modelProto(20, { input: input.slice(0, 1), output, node, initializer: weights })
    : modelProto(20, { input, output, node });
}

const CHECKPOINT = {
  trainable: new Map([
    ['k', tensor('float32', [2, 2, 1, 1], [1, 2, 3, 4])],
    ['w', tensor('float32', [3, 2], [1, 2, 3, 4, 5, 6])],
  ]),
  frozen: new Map(),
  optimizers: [],
  properties: new Map(),
  nominal: false,
} as const;

const ways = [
  ['a model with its weights', (node: NodeProto) => importModel(classifier(node, true), 'net.onnx')],
  [
    'a model with a checkpoint',
    (node: NodeProto) =>
      importNetwork(classifier(node, false), CHECKPOINT, { model: 'eval_model.onnx', checkpoint: 'checkpoint' }),
  ],
] as const;

describe.each(ways)('import of %s', (_, read) => {
  it.each([
    nodeProto('Floor', ['c'], ['d'], {}, 'levels'),
    nodeProto('LpPool', ['c'], ['d'], { kernel_shape: [2, 2] }, 'powers'),
    nodeProto('MeanVarianceNormalization', ['c'], ['d'], {}, 'norm'),
  ])('says at once that no gradient passes $opType', (node) => {
    expect(() => read(node)).toThrow(
      new RegExp(
        `${node.opType} "${node.name}": this operator has no (derivative|gradient rule), because .*can’t be trained`,
      ),
    );
  });

  it.each([nodeProto('PRelu', ['c', 'w'], ['d'], {}, 'unfit'), nodeProto('NonZero', ['c'], ['d'], {}, 'unknown')])(
    'says what else is wrong with $opType',
    (node) => {
      expect(() => read(node)).toThrow(`${node.opType} "${node.name}"`);
    },
  );

  it.each([
    nodeProto('Mish', ['c'], ['d']),
    nodeProto('Selu', ['c'], ['d']),
    nodeProto('LRN', ['c'], ['d'], { size: 3 }),
    nodeProto('ConvTranspose', ['c', 'k'], ['d']),
  ])('takes $opType', (node) => {
    expect(read(node).classes).toBe(3);
  });
});
