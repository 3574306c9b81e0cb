import { nextName } from '../../src/distill/step.js';
import type { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/node.js';
import type { Target } from '../../src/lower/target.js';
import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { createOptimizer } from '../../src/optim/optimizer.js';
import { CPU, type Device } from '../../src/runtime/device.js';
import { Predictor } from '../../src/runtime/predictor.js';
import { Stepper } from '../../src/runtime/stepper.js';
import { fail } from '../../src/util/error.js';
import { batchOf, type Golden, initialState, optimizerSettings, readGolden } from './golden.js';
import { Comparison, type Quantity } from './quantity.js';
import { expectedTeachers } from './teachers.js';

/** Below this a golden gradient is rounding noise around a true zero. */
const ZERO_GRADIENT = 1e-9;

const within = (tolerance: number) => () => tolerance;
const ofLargest = (share: number, floor: number) => (expected: readonly number[]) =>
  share * Math.max(0, ...expected.map(Math.abs)) + floor;

/** Replays a file of golden numbers on Agon's own step and compares everything it holds. */
export async function replay(path: string, device: Device = CPU, target?: Target): Promise<Quantity[]> {
  const golden = await readGolden(path);
  const { step, settings } = golden;
  const stepper = await Stepper.open({ graph: step.graph, state: step.state, nextOf: nextName }, { device, target });
  try {
    stepper.load(initialState(golden));
    const outputs: Map<string, Tensor>[] = [];
    for (let k = 0; k < settings.steps; k++) outputs.push(await stepper.step(feedsOf(golden, k)));
    const final = await stepper.state();
    const steps = [
      compareLosses(golden, outputs),
      compareLogits(golden, outputs),
      compareGradients(golden, outputs),
    ].flat();
    const teachers = compareTeachers(golden, outputs);
    return [...steps, ...teachers, ...compareFinal(golden, final), ...(await compareEvaluation(golden, final, device))];
  } finally {
    await stepper.close();
  }
}

function feedsOf(golden: Golden, k: number): Record<string, Tensor> {
  const { lr } = golden.settings.optimizer;
  const scalars = createOptimizer(optimizerSettings(golden)).scalarsAt(lr, k + 1);
  const tensors = Object.entries(scalars).map(([name, value]) => [
    name,
    { dtype: 'float32', dims: [], data: Float32Array.of(value) },
  ]);
  return { ...batchOf(golden, k), ...Object.fromEntries(tensors) };
}

function compareLosses({ settings }: Golden, outputs: readonly Map<string, Tensor>[]): Quantity[] {
  const { loss, log } = settings;
  const names = ['ce', 'kl', 'feature', 'total'] as const;
  return names.flatMap((name) => {
    const comparison = new Comparison(name, within(1e-5));
    outputs.forEach((output, k) => {
      const expected = log ? log[k]?.[name] : name === 'total' && loss ? [loss[k] ?? Number.NaN] : undefined;
      if (expected) comparison.numbers(`step ${k}`, expected, toNumbers(output.get(name) as Tensor));
    });
    return comparison.quantity();
  });
}

function compareLogits({ tensors }: Golden, outputs: readonly Map<string, Tensor>[]): Quantity[] {
  const comparison = new Comparison('logits', ofLargest(1e-4, 1e-5));
  outputs.forEach((output, k) => {
    const expected = tensors.get(`step${k}.logits`);
    if (expected) comparison.tensors(`step ${k}`, expected, output.get('net0.logits'));
  });
  return comparison.quantity();
}

function compareGradients({ tensors }: Golden, [first]: readonly Map<string, Tensor>[]): Quantity[] {
  const comparison = new Comparison('step-0 gradients', ofLargest(1e-4, 1e-6));
  for (const [name, expected] of tensors) {
    const match = /^step0\.(?:(net\d+)\.)?grad\.(.*)$/.exec(name);
    if (match) comparison.tensors(name, expected, first?.get(`${match[1] ?? 'net0'}.${match[2]}.grad`));
  }
  return comparison.quantity();
}

function compareTeachers({ settings }: Golden, outputs: readonly Map<string, Tensor>[]): Quantity[] {
  const comparison = new Comparison('teachers', within(1e-6));
  settings.log?.forEach(({ ce, teacher }, k) => {
    const got = outputs[k] as Map<string, Tensor>;
    const lowest = toNumbers(got.get('ce') as Tensor);
    comparison.numbers(`step ${k}: the lowest ce`, [teacher], [lowest.indexOf(Math.min(...lowest))]);
    const weights = expectedTeachers(ce, settings.rule, settings.top_k).flat();
    comparison.numbers(`step ${k}`, weights, toNumbers(got.get('teachers') as Tensor));
  });
  return comparison.quantity();
}

function compareFinal(golden: Golden, final: ReadonlyMap<string, Tensor>): Quantity[] {
  const tolerance = within(golden.settings.beta > 0 ? 1e-3 : 1e-4);
  const parameters = new Comparison('final parameters', tolerance);
  const statistics = new Comparison('final running statistics', tolerance);
  const excluded = rudderless(golden);
  for (const [name, expected] of golden.tensors) {
    const match = /^final\.(?:(net\d+)\.)?(.*)$/.exec(name);
    if (!match || excluded.has(`${match[1] ?? 'net0'}.${match[2]}`)) continue;
    const comparison = /running_(mean|var)$/.test(name) ? statistics : parameters;
    comparison.tensors(name, expected, final.get(`${match[1] ?? 'net0'}.${match[2]}`));
  }
  return [...parameters.quantity(), ...statistics.quantity()];
}

async function compareEvaluation(
  golden: Golden,
  final: ReadonlyMap<string, Tensor>,
  device: Device,
): Promise<Quantity[]> {
  const expected = golden.tensors.get('eval.logits');
  if (!expected) return [];
  const predictor = await Predictor.open(golden.networks[0] as Graph, { device });
  predictor.load((name) => final.get(`net0.${name}`) ?? fail(golden.path, `"${name}" has no final value`));
  const comparison = new Comparison(
    'evaluation logits',
    within(golden.settings.optimizer.name === 'adamw' ? 1e-3 : 1e-4),
  );
  comparison.tensors('data.x[0]', expected, await predictor.logits(batchOf(golden, 0).images));
  await predictor.close();
  return comparison.quantity();
}

/**
 * Under AdamW a parameter whose true gradient is zero moves by up to lr a step on rounding noise alone, and so does the
 * running mean of the BatchNormalization that swallows it: both can't be compared.
 */
function rudderless({ settings, tensors, networks }: Golden): Set<string> {
  const names = new Set<string>();
  if (settings.optimizer.name !== 'adamw') return names;
  for (const [name, gradient] of tensors) {
    const match = /^step0\.(?:(net\d+)\.)?grad\.(.*)$/.exec(name);
    if (!match || toNumbers(gradient).some((value) => Math.abs(value) >= ZERO_GRADIENT)) continue;
    const prefix = match[1] ?? 'net0';
    names.add(`${prefix}.${match[2]}`);
    const network = networks[Number(prefix.slice(3))] as Graph;
    for (const mean of swallowingMeans(network, match[2] as string)) names.add(`${prefix}.${mean}`);
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
