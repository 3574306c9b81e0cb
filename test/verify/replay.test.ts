import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { holds, type Quantity } from '../../scripts/verify/quantity.js';
import { type Replay, replay } from '../../scripts/verify/replay.js';
import { encodeSafetensors, readSafetensors, type Safetensors } from '../../src/onnx/safetensors.js';
import { tensor, toNumbers } from '../../src/onnx/tensor.js';
import { temporaryFolder } from '../run/runs.js';

const OWN = fileURLToPath(new URL('../fixtures/golden', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/fixtures', import.meta.url));

/** The golden files of a folder, by name. */
function goldenFiles(folder: string): Map<string, string> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.safetensors')) : [];
  return new Map(files.map((file) => [basename(file, '.safetensors'), join(folder, file)]));
}

const own = goldenFiles(OWN);
const others = [...goldenFiles(SHARED)].filter(([name]) => !own.has(name));

/** What a replay has to compare, by the kind of the file. */
const COMPARED = {
  single: ['total', 'logits', 'evaluation logits'],
  competition: ['ce', 'kl', 'feature', 'total', 'teachers'],
} as const;
const ALWAYS = ['step-0 gradients', 'final parameters', 'final running statistics'];

function expectAllHold(name: string, { device, graph }: Replay): void {
  const kind = name.startsWith('competition') ? 'competition' : 'single';
  const names = (quantities: readonly Quantity[]) => new Set(quantities.map((quantity) => quantity.name));
  expect(names(graph)).toEqual(new Set([...COMPARED[kind], ...ALWAYS]));
  expect(names(device)).toEqual(new Set([...COMPARED[kind], ...ALWAYS, 'sides']));
  expect([...device, ...graph].filter((quantity) => !holds(quantity))).toEqual([]);
}

describe('a replay agrees with PyTorch', () => {
  it.each([...own])('in %s', async (name, path) => {
    expectAllHold(name, await replay(path));
  });

  it.skipIf(others.length === 0).each(others)('in %s', async (name, path) => {
    expectAllHold(name, await replay(path));
  });
});

/** A copy of one of the golden files with something changed in it. */
async function damaged(name: string, change: (file: Safetensors) => void): Promise<string> {
  const file = readSafetensors(await readFile(own.get(name) as string));
  change(file);
  const path = join(await temporaryFolder(), 'damaged.safetensors');
  await writeFile(path, encodeSafetensors(file.tensors, file.metadata));
  return path;
}

/** Adds a share of the largest entry to the entry in the middle of a tensor. */
function nudge({ tensors }: Safetensors, name: string, share: number): void {
  const { dims, ...rest } = tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>;
  const numbers = toNumbers({ dims, ...rest });
  const largest = Math.max(...numbers.map(Math.abs));
  const middle = Math.floor(numbers.length / 2);
  numbers[middle] = (numbers[middle] as number) + share * largest;
  tensors.set(name, tensor('float32', dims, Float32Array.from(numbers)));
}

/** Changes a value of the metadata. */
function edit<T>({ metadata }: Safetensors, key: string, change: (value: T) => T): void {
  metadata[key] = JSON.stringify(change(JSON.parse(metadata[key] ?? 'null') as T));
}

interface Step {
  readonly teacher: number;
  readonly ce: readonly number[];
}

/** The golden file, what is changed in it, and the quantities that must exceed their tolerance: all that do, where `only`. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly change: (file: Safetensors) => void;
  readonly exceeded: readonly string[];
  readonly only?: true;
}

const optimizer = (changes: object) => (file: Safetensors) =>
  edit<object>(file, 'optimizer', (given) => ({ ...given, ...changes }));

const CASES: readonly Case[] = [
  {
    name: 'gradient entry',
    file: 'poolnet-sgd',
    change: (f) => nudge(f, 'step0.grad.conv1.weight', 5e-4),
    exceeded: ['step-0 gradients'],
    only: true,
  },
  {
    name: 'entry of each other kind',
    file: 'poolnet-sgd',
    change: (f) => {
      nudge(f, 'final.layer1.1.conv2.weight', 1e-2);
      nudge(f, 'final.bn1.running_var', 1e-2);
      nudge(f, 'step1.logits', 1e-3);
      nudge(f, 'eval.logits', 1e-2);
      edit<number[]>(f, 'loss', (losses) => losses.map((loss, k) => (k === 1 ? loss + 3e-5 : loss)));
    },
    exceeded: ['total', 'logits', 'final parameters', 'final running statistics', 'evaluation logits'],
    only: true,
  },
  {
    name: 'parameter',
    file: 'poolnet-sgd',
    change: ({ tensors }) => tensors.set('final.more', tensor('float32', [1], [0])),
    exceeded: ['final parameters'],
    only: true,
  },
  {
    name: 'label',
    file: 'poolnet-sgd',
    change: ({ tensors }) => swapLabel(tensors),
    exceeded: ['total', 'step-0 gradients', 'final parameters'],
  },
  {
    name: 'momentum',
    file: 'resnet8-smoothing-plain-momentum',
    change: optimizer({ momentum: 0.8 }),
    exceeded: ['total', 'final parameters'],
  },
  {
    name: 'kind of momentum',
    file: 'resnet8-smoothing-plain-momentum',
    change: optimizer({ nesterov: true }),
    exceeded: ['total', 'final parameters'],
  },
  {
    name: 'smoothing',
    file: 'resnet8-smoothing-plain-momentum',
    change: (f) => edit(f, 'label_smoothing', () => 0),
    exceeded: ['total', 'step-0 gradients'],
  },
  {
    name: 'weight decay',
    file: 'mobilenetv2-tiny-adamw',
    change: optimizer({ weight_decay: 5 }),
    exceeded: ['final parameters'],
  },
  {
    name: 'teacher',
    file: 'competition-feature',
    change: (f) => edit<Step[]>(f, 'log', (log) => log.map((step) => ({ ...step, teacher: 1 - step.teacher }))),
    exceeded: ['teachers'],
    only: true,
  },
  {
    name: 'ranking',
    file: 'competition-feature',
    change: (f) => edit<Step[]>(f, 'log', (log) => log.map((step) => ({ ...step, ce: step.ce.toReversed() }))),
    exceeded: ['ce', 'teachers'],
    only: true,
  },
  {
    name: 'rule',
    file: 'competition-feature',
    change: (f) => edit(f, 'rule', () => 'all'),
    exceeded: ['kl', 'feature', 'total', 'step-0 gradients'],
  },
  {
    name: 'feature weight',
    file: 'competition-feature',
    change: (f) => edit(f, 'beta', () => 0.9),
    exceeded: ['total', 'step-0 gradients'],
  },
];

function swapLabel(tensors: Safetensors['tensors']): void {
  const { dims, data } = tensors.get('data.y') as NonNullable<ReturnType<typeof tensors.get>>;
  const labels = Array.from(data as BigInt64Array, (label, i) => (i === 0 ? (label + 1n) % 10n : label));
  tensors.set('data.y', { dtype: 'int64', dims, data: BigInt64Array.from(labels) });
}

describe('a replay disagrees with a file in which there is another', () => {
  it.each(CASES)('$name', async ({ file, change, exceeded, only }) => {
    const { device, graph, sides } = await replay(await damaged(file, change));
    // Where the device took another side, its run isn't compared with the file.
    const comparedWithFile =
      sides.crossed === 0 ? [device, graph, [...device, ...graph]] : [graph, [...device, ...graph]];
    for (const quantities of comparedWithFile) {
      const failed = quantities.filter((quantity) => !holds(quantity)).map((quantity) => quantity.name);
      expect(new Set(failed)).toEqual(new Set(only ? exceeded : [...exceeded, ...failed]));
    }
  });
});

describe('a replay refuses', () => {
  it.each<[string, (file: Safetensors) => void, RegExp]>([
    [
      'a file of something else',
      ({ metadata }) => delete metadata.optimizer,
      /damaged\.safetensors: not a file of golden/,
    ],
    ['a file without its data', ({ tensors }) => tensors.delete('data.x'), /tensor "data\.x" is missing/],
    [
      'a file without a first value',
      ({ tensors }) => tensors.delete('init.fc.bias'),
      /tensor "init\.fc\.bias" is missing/,
    ],
  ])('%s', async (_, change, message) => {
    await expect(replay(await damaged('poolnet-sgd', change))).rejects.toThrow(message);
  });
});

describe('the command', () => {
  it('has an exit code', async () => {
    const good = own.get('poolnet-sgd') as string;
    const bad = await damaged('poolnet-sgd', (file) => nudge(file, 'step0.grad.conv1.weight', 5e-4));
    const script = fileURLToPath(new URL('../../scripts/verify.ts', import.meta.url));
    const run = (...args: string[]) => {
      return promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args]).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    };
    const [within, beyond, usage] = await Promise.all([run(good), run(good, bad, '/nowhere'), run()]);
    expect([within.code, beyond.code, usage.code]).toEqual([0, 1, 2]);
    expect(within.stdout).toMatch(/device .* sides .* ok [\s\S]*float64 .* step-0 gradients .* ok /);
    expect(within.stdout).toMatch(/95,232 outputs of Relu, Clip and MaxPool are? [\s\S]*all within tolerance\n$/);
    expect(beyond.stdout).toMatch(
      /step-0 gradients .* EXCEEDED[\s\S]*\/nowhere[\s\S]*FAILED: [\s\S]*2 not within tolerance\n$/,
    );
  });
});
