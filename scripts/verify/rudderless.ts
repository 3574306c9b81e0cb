import type { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node/node.js';
import { toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import type { Golden } from './golden.js';
import { gradientOf } from './golden-names.js';

/** Below this a golden gradient is rounding noise around a true zero. */
const ZERO_GRADIENT = 1e-9;

/**
 * Under AdamW a parameter whose true gradient is zero moves by up to lr a step on float32's rounding noise alone, and so does
 * the running mean of the BatchNormalization that swallows it: on a device both can't be compared.
 */
export function rudderless({ settings, tensors, networks }: Golden): Set<string> {
  const names = new Set<string>();
  if (settings.optimizer.name !== 'adamw') return names;
  for (const [name, gradient] of tensors) {
    const parameter = gradientOf(name);
    if (parameter === undefined || toNumbers(gradient).some((value) => Math.abs(value) >= ZERO_GRADIENT)) continue;
    names.add(parameter);
    const [prefix, ...rest] = parameter.split('.') as [string, ...string[]];
    const network = present(networks[Number(prefix.slice(3))], prefix);
    for (const mean of swallowingMeans(network, rest.join('.'))) names.add(`${prefix}.${mean}`);
  }
  return names;
}

/** The running means of the first BatchNormalization on every linear path from a parameter. */
function swallowingMeans(network: Graph, parameter: string): string[] {
  const linear = new Set(['Conv', 'Add', 'Identity', 'AveragePool', 'GlobalAveragePool', 'Flatten', 'Reshape']);
  const open: Value[] = [network.parameters.get(parameter)?.value as Value];
  const means: string[] = [];
  for (let value = open.pop(); value; value = open.pop()) {
    for (const node of network.nodes.filter(({ inputs }) => inputs.includes(value as Value))) {
      const isBatchNorm = node.op === 'BatchNormalization';
      if (isBatchNorm && node.inputs[0] === value) means.push(node.input(3).name);
      else if (isBatchNorm || linear.has(node.op)) open.push(node.output());
    }
  }
  return means;
}
