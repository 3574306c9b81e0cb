import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { partsOf, stagesOf } from '../../src/nets/parts.js';
import { createNetwork, NETWORKS, planNetwork } from '../../src/nets/registry.js';

function networkOf(name: string): Graph {
  const { usualInput } = planNetwork(name);
  return createNetwork(name, { classes: 10, channels: 3, height: usualInput.size, width: usualInput.size });
}

const numbered = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`);

describe('the stages of a network of the zoo', () => {
  it.each<[string, string[]]>([
    ['resnet8', ['conv1', ...numbered('layer', 1, 3)]],
    ['resnet50', ['conv1', ...numbered('layer', 1, 4)]],
    ['resnet18_cifar', ['conv1', ...numbered('layer', 1, 4)]],
    ['wrn_16_2', ['conv1', ...numbered('block', 1, 3)]],
    ['mobilenet_v2', numbered('features.', 0, 18)],
    ['mobilenet_v3_small', numbered('features.', 0, 12)],
    ['mobilenet_v3_large_cifar', numbered('features.', 0, 16)],
  ])('%s', (name, stages) => {
    expect(stagesOf(networkOf(name))).toEqual(stages);
  });

  it.each([...NETWORKS.keys()])('%s: every parameter is in one part, the classifier in the head', (name) => {
    const graph = networkOf(name);
    const parts = partsOf(graph);
    expect(parts.flatMap(({ parameters }) => parameters).sort()).toEqual([...graph.parameters.keys()].sort());
    const head = [...graph.parameters.keys()].filter((each) => /^(fc|classifier)\b/.test(each));
    expect(parts.at(-1)).toEqual({ name: 'head', stage: 'head', parameters: head });
    expect(new Set(parts.map((part) => part.name)).size).toBe(parts.length);
  });

  it('hold blocks, and the normalisation behind a layer', () => {
    const parts = partsOf(networkOf('wrn_16_2'));
    expect(parts.map(({ name }) => name).slice(0, 4)).toEqual([
      'conv1',
      'block1.layer.0',
      'block1.layer.1',
      'block2.layer.0',
    ]);
    expect(parts.at(-2)?.parameters).toContain('bn1.running_mean');
    expect(partsOf(networkOf('resnet18'))[0]?.parameters).toContain('bn1.weight');
  });
});

/** A network from elsewhere, layer by layer. */
class Foreign {
  readonly graph = new Graph('foreign');
  value: Value = this.graph.input('images', 'float32', ['N', 3, 16, 16]);
  #count = 0;

  conv(channels: number, stride: number, kernel = 3): this {
    const weight = this.#parameter([channels, Number(this.value.shape[1]), kernel, kernel]);
    const pad = (kernel - 1) / 2;
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return this.#push('Conv', [weight, this.#parameter([channels])], attributes);
  }

  norm(): this {
    const channels = Number(this.value.shape[1]);
    return this.#push(
      'BatchNormalization',
      [1, 2, 3, 4].map(() => this.#parameter([channels])),
    );
  }

  matmul(outputs: number): this {
    this.#push('MatMul', [this.#parameter([Number(this.value.shape.at(-1)), outputs])]);
    return this.#push('Add', [this.#parameter([outputs])]);
  }

  op(name: string, attributes = {}): this {
    return this.#push(name, [], attributes);
  }

  /** Squeeze and excitation. */
  gate(): this {
    const x = this.value;
    this.op('GlobalAveragePool').conv(4, 1, 1).op('Relu').conv(Number(x.shape[1]), 1, 1);
    this.value = this.graph.op('Mul', [x, this.value]);
    return this;
  }

  /** Names of its parameters in each part. */
  parts(): Record<string, string> {
    this.graph.output('logits', this.value);
    return Object.fromEntries(partsOf(this.graph).map(({ name, parameters }) => [name, parameters.join(' ')]));
  }

  #parameter(shape: readonly number[]): Value {
    return this.graph.parameter(`p${this.#count++}`, shape, { kind: 'constant', value: 1 });
  }

  #push(op: string, parameters: readonly Value[], attributes = {}): this {
    this.value = this.graph.op(op, [this.value, ...parameters], attributes);
    return this;
  }
}

describe('the parts of a network from elsewhere', () => {
  it('are its layers; a stage ends where maps shrink; what follows the last pooling is the head', () => {
    const network = new Foreign().conv(8, 2).norm().op('Relu').conv(8, 1).gate().conv(8, 2).op('GlobalAveragePool');
    expect(network.op('Flatten').matmul(6).op('Relu').matmul(5).parts()).toEqual({
      'stage1.0': 'p0 p1 p2 p3 p4 p5',
      'stage1.1': 'p6 p7 p8 p9 p10 p11',
      'stage2.0': 'p12 p13',
      head: 'p14 p15 p16 p17',
    });
  });

  it('have the last convolution as their head where nothing with weights follows the pooling', () => {
    const network = new Foreign().conv(8, 2).op('Relu').conv(5, 1, 1).op('Relu').op('GlobalAveragePool').op('Flatten');
    expect(network.parts()).toEqual({ 'stage1.0': 'p0 p1', head: 'p2 p3' });
  });

  it('have the last linear layer as their head where there is no pooling to one position', () => {
    const network = new Foreign()
      .conv(2, 2)
      .op('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] })
      .op('Flatten');
    expect(network.matmul(7).op('Relu').matmul(5).parts()).toEqual({
      'stage1.0': 'p0 p1',
      'stage1.1': 'p2 p3',
      head: 'p4 p5',
    });
  });
});
