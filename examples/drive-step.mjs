// Trains from a training artifact with ONNX Runtime alone (docs/artifacts.md): node examples/drive-step.mjs FOLDER [STEPS]
// ORT_PACKAGE=onnxruntime-web runs it on WebAssembly.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

process.env.ORT_DISABLE_TELEMETRY ??= '1'; // Some builds of ONNX Runtime send data about the machine unless told not to.
const { default: ort } = await import(process.env.ORT_PACKAGE ?? 'onnxruntime-node');
const [folder, steps = '10'] = process.argv.slice(2);
const { step, evaluation, weights } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
const { lr = 0.005 } = step.settings.optimizer;
const count = (shape) => shape.reduce((n, dim) => n * dim, 1);
const float = (shape, next) => new ort.Tensor('float32', Float32Array.from({ length: count(shape) }, next), shape);

let seed = 1; // mulberry32
function uniform() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

// An 8-byte length, a JSON header of that length, then the numbers
async function readWeights(path) {
  const { buffer } = new Uint8Array(await readFile(path));
  const start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  const { __metadata__, ...entries } = JSON.parse(new TextDecoder().decode(buffer.slice(8, start)));
  const read = ({ shape, data_offsets: [begin, end] }) =>
    new ort.Tensor('float32', new Float32Array(buffer.slice(start + begin, start + end)), shape);
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, read(entry)]));
}

const stored = weights ? await readWeights(join(folder, weights.file)) : {};

function initial({ name, shape, initialiser: { kind, value, std, bound, mode } }) {
  if (stored[name]) return stored[name];
  const fan = (mode === 'fan-out' ? shape[0] : shape[1]) * count(shape.slice(2));
  const draw = {
    constant: () => value,
    normal: () => std * normal(),
    uniform: () => bound * (2 * uniform() - 1),
    'kaiming-normal': () => Math.sqrt(2 / fan) * normal(),
  };
  return float(shape, draw[kind]);
}

// What changes from step to step (counted from 1) beside the batch
function scalars(t) {
  const { name, betas = [0, 0], weightDecay, variant } = step.settings.optimizer;
  if (name === 'sgd') return { learning_rate: lr };
  const [c1, c2] = betas.map((beta) => 1 - beta ** t);
  const decay = 1 - lr * weightDecay;
  if (variant === 'huggingface') return { decay, step_size: (lr * Math.sqrt(c2)) / c1, denominator_scale: 1 };
  return { decay, step_size: lr / c1, denominator_scale: 1 / Math.sqrt(c2) };
}

// Images that are easily made in any language
const images = float(step.inputs.find(({ feed }) => feed === 'images').shape, (_, i) => 1.5 * Math.sin(i * i));
const labels = new ort.Tensor(
  'int64',
  BigInt64Array.from({ length: step.sizes.batch }, (_, i) => BigInt(i % step.sizes.classes)),
);
const feed = { images: () => images, labels: () => labels, uniform: ({ shape }) => float(shape, uniform) };
feed.scalar = ({ name }, t) => float([], () => scalars(t)[name]);

const session = await ort.InferenceSession.create(join(folder, step.file));
const state = Object.fromEntries(step.state.map((entry) => [entry.name, initial(entry)]));
const past = weights?.updates ?? 0;
for (let t = past + 1; t <= past + Number(steps); t++) {
  const feeds = Object.fromEntries(step.inputs.map((input) => [input.name, feed[input.feed](input, t)]));
  const results = await session.run({ ...feeds, ...state });
  for (const { name, next } of step.state) state[name] = results[next];
  console.log(JSON.stringify({ step: t, ce: [...results.ce.data], total: [...results.total.data] }));
}

const judge = await ort.InferenceSession.create(join(folder, evaluation.file));
const kept = Object.fromEntries(judge.inputNames.filter((name) => name in state).map((name) => [name, state[name]]));
const { ce, accuracy } = await judge.run({ images, labels, ...kept });
console.log(JSON.stringify({ evaluation: { ce: [...ce.data], accuracy: [...accuracy.data] } }));
