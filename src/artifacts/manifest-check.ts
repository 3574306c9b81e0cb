import { fail } from '../util/error.js';
import type { Manifest, NetworkEntry, StepEntry, TensorEntry } from './manifest.js';

/** Elements of a tensor: a damaged file may ask for more than any memory holds. */
const MOST_ELEMENTS = 2 ** 31;

/** Fails unless what a manifest says goes together. */
export function checkManifest(manifest: Manifest, where: string): void {
  const { networks, step, preprocessing } = manifest;
  const expect: Expect = (holds, place, expected, got) => {
    if (holds) return;
    const detail = { expected, got: JSON.stringify(got) ?? 'nothing', hint: 'Export the artifact again' };
    fail(where, `is damaged: ${place}`, detail);
  };
  checkFiles(manifest, expect);
  for (const [i, network] of networks.entries()) checkNetwork(network, `networks.${i}`, expect);
  if (step) checkStep(step, expect);
  if (!preprocessing) return;
  const channels = networks[0]?.inputs[0]?.shape[1];
  for (const key of ['mean', 'std'] as const) {
    const { length } = preprocessing[key];
    const holds = typeof channels === 'number' ? length === channels : length > 0;
    expect(holds, `preprocessing.${key}`, `${channels} numbers, one a channel`, length);
  }
}

type Expect = (holds: boolean, place: string, expected: string, got: unknown) => void;

/** Every file that something is said of is in the list with sizes and hashes. */
function checkFiles({ networks, step, evaluation, weights, files }: Manifest, expect: Expect): void {
  const named = [...networks.map(({ forward }) => forward), step?.file, evaluation?.file, weights?.file];
  const lacking = named.find((file) => file !== undefined && !Object.hasOwn(files, file));
  expect(lacking === undefined, 'files', 'an entry for every file that it names', `none for ${lacking}`);
}

function checkNetwork({ inputs, outputs, parameters }: NetworkEntry, place: string, expect: Expect): void {
  const [images] = inputs;
  expect(images?.name === 'images', `${place}.inputs`, '"images"', images?.name);
  expect(images?.shape.length === 4, `${place}.inputs`, 'images [N, channels, height, width]', images?.shape);
  for (const [name, rank] of [
    ['logits', 2],
    ['features', undefined],
  ] as const) {
    const output = outputs.find((each) => each.name === name);
    const holds = output !== undefined && (rank === undefined || output.shape.length === rank);
    expect(holds, `${place}.outputs`, `"${name}"${rank ? ` of ${rank} axes` : ''}`, output?.shape);
  }
  checkNames(['images', ...namesOf(parameters)], `${place}.parameters`, expect);
  for (const { name, shape } of parameters) checkShape(shape, `${place}.parameters: ${name}`, expect);
}

function checkStep({ sizes, inputs, state, outputs }: StepEntry, expect: Expect): void {
  for (const [name, size] of Object.entries(sizes)) expect(size > 0, `step.sizes.${name}`, '1 or more', size);
  checkNames([...namesOf(inputs), ...namesOf(state)], 'step.inputs and step.state', expect);
  checkNames([...namesOf(outputs), ...state.map(({ next }) => next)], 'step.outputs and step.state', expect);
  for (const { name, shape } of state) checkShape(shape, `step.state: ${name}`, expect);
}

function namesOf(entries: readonly Pick<TensorEntry, 'name'>[]): string[] {
  return entries.map(({ name }) => name);
}

function checkNames(names: readonly string[], place: string, expect: Expect): void {
  const seen = new Set<string>();
  for (const name of names) {
    expect(!seen.has(name), place, 'each name once', name);
    seen.add(name);
  }
}

function checkShape(shape: TensorEntry['shape'], place: string, expect: Expect): void {
  const elements = shape.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  expect(elements <= MOST_ELEMENTS, place, `${MOST_ELEMENTS} elements at most`, shape);
}
