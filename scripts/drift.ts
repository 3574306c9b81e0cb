/**
 * Whether a device that drifts from the CPU over some steps does so for the sides of kinks alone: `node --import tsx scripts/drift.ts webgpu
 * mobilenet_v2_cifar_0.5 --batch 2 --steps 3`. Each device's steps are held against float64 steps that take its sides of every ReLU, clip
 * and pooling of maxima; where only the sides differ, each is near its own and far from the other's. Takes minutes.
 */
import { parseArgs } from 'node:util';
import { buildStep, nextName, STEP_DEFAULTS } from '../src/distill/step.js';
import { range } from '../src/graph/node/axes.js';
import { initialiseParameters } from '../src/nets/initialise.js';
import { createNetwork } from '../src/nets/registry.js';
import { elementCount, type Tensor, tensor, toNumbers } from '../src/onnx/tensor.js';
import { CPU, type Device, parseDevice } from '../src/runtime/device.js';
import { Stepper } from '../src/runtime/stepping/stepper.js';
import { present } from '../src/util/error.js';
import { stream } from '../src/util/random.js';
import { Kinks, type Sides } from './verify/float64/base/kinks.js';
import { toFloat64 } from './verify/float64/base/tensor.js';
import { evaluate } from './verify/float64/interpreter.js';
import { exposeSides, sidesTaken } from './verify/sides.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    batch: { type: 'string', default: '2' },
    steps: { type: 'string', default: '3' },
    lr: { type: 'string', default: '0.002' },
  },
});
const [device = 'webgpu', network = 'mobilenet_v2_cifar_0.5'] = positionals;
const [CLASSES, SIDE] = [10, 32];

type Tensors = ReadonlyMap<string, Tensor>;

/** What some steps came to. */
interface Course {
  readonly ce: readonly number[];
  readonly sides: readonly Sides[];
  readonly end: Tensors;
}

const net = createNetwork(network, { classes: CLASSES, channels: 3, height: SIDE, width: SIDE });
const step = buildStep([net], STEP_DEFAULTS, { batch: Number(values.batch) });
exposeSides(step.graph);
const begin = firstState();
const batches = range(Number(values.steps)).map(feedsOf);

const cpu = await train(CPU);
const other = await train(parseDevice(device));
const [onCpuSides, onOtherSides] = [inFloat64(cpu.sides), inFloat64(other.sides)];
print(
  `elements on another side than the CPU's, by step: ${cpu.sides.map((own, k) => countOther(own, other.sides[k]))}`,
);
for (const [name, { ce }] of Object.entries({
  cpu,
  'float64 on its sides': onCpuSides,
  [device]: other,
  'float64 on those': onOtherSides,
}))
  print(`cross-entropy, ${name}: ${ce.join(', ')}`);
print(`how far the weights have gone apart, over how far they have come from the start`);
print(`  cpu and float64 on its sides: ${distance(cpu.end, onCpuSides.end)}`);
print(`  ${device} and float64 on its sides: ${distance(other.end, onOtherSides.end)}`);
print(`  ${device} and float64 on the CPU's sides: ${distance(other.end, onCpuSides.end)}`);

/** As the networks' own initialisers have it, the optimizer's zero. */
function firstState(): Map<string, Tensor> {
  const initial = new Map([...initialiseParameters(net, 3)].map(([name, value]) => [`net0.${name}`, value]));
  return new Map(
    step.state.map((name) => {
      const { shape } = present(step.graph.parameters.get(name), name).value;
      return [name, initial.get(name) ?? tensor('float32', shape, new Float32Array(elementCount(shape)))];
    }),
  );
}

function feedsOf(k: number): Record<string, Tensor> {
  const random = stream(11, 'batch', k);
  const make = (name: string, dtype: string) => {
    if (dtype === 'int64') return random.below(CLASSES);
    if (name === 'learning_rate') return Number(values.lr);
    return name.endsWith('.uniform') ? random.uniform() : random.normal();
  };
  return Object.fromEntries(
    step.graph.inputs.map(({ name, dtype, shape }) => {
      const dims = shape as readonly number[];
      const numbers = Array.from({ length: elementCount(dims) }, () => make(name, dtype));
      return [name, tensor(dtype, dims, numbers)];
    }),
  );
}

async function train(on: Device): Promise<Course> {
  const stepper = await Stepper.open({ graph: step.graph, state: step.state, nextOf: nextName }, { device: on });
  stepper.load(begin);
  const outputs: Tensors[] = [];
  for (const feeds of batches) outputs.push(await stepper.step(feeds));
  const end = await stepper.state();
  await stepper.close();
  return { ce: outputs.map(ceOf), sides: outputs.map((each) => sidesTaken(step.graph, each)), end };
}

function inFloat64(sides: readonly Sides[]): Course {
  let end = new Map([...begin].map(([name, value]) => [name, toFloat64(value)]));
  const ce = batches.map((feeds, k) => {
    const given = Object.entries(feeds).map(
      ([name, value]) => [name, value.dtype === 'float32' ? toFloat64(value) : value] as const,
    );
    const outputs = evaluate(step.graph, new Map<string, Tensor>([...end, ...given]), new Kinks(sides[k]));
    end = new Map(step.state.map((name) => [name, toFloat64(present(outputs.get(nextName(name)), name))]));
    return ceOf(outputs);
  });
  return { ce, sides, end };
}

function ceOf(outputs: Tensors): number {
  return toNumbers(present(outputs.get('ce'), 'ce'))[0] as number;
}

function countOther(sides: Sides, others: Sides | undefined): number {
  return [...sides].reduce((sum, [name, taken]) => {
    return sum + taken.reduce((count, side, i) => count + Number(side !== others?.get(name)?.[i]), 0);
  }, 0);
}

/** Of the weights, in the Euclidean norm. */
function distance(a: Tensors, b: Tensors): string {
  let [apart, gone] = [0, 0];
  for (const [name, { role }] of step.graph.parameters) {
    if (role !== 'weight') continue;
    const [x, y, start] = [a, b, begin].map((tensors) => toNumbers(present(tensors.get(name), name))) as number[][];
    y?.forEach((value, i) => {
      apart += ((x?.[i] ?? 0) - value) ** 2;
      gone += (value - (start?.[i] ?? 0)) ** 2;
    });
  }
  return Math.sqrt(apart / gone).toExponential(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
