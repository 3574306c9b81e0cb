import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ArtifactOptions, createArtifact } from '../src/artifacts/create.js';
import { writeArtifact } from '../src/artifacts/write.js';
import { zooNetworks } from '../src/artifacts/zoo.js';
import { buildStep, nextName } from '../src/distill/step.js';
import { initialiseParameters } from '../src/nets/initialise.js';
import { elementCount, scalar, type Tensor, tensor, toNumbers } from '../src/onnx/tensor.js';
import { createOptimizer } from '../src/optim/optimizer.js';
import { hasOrtTraining } from '../src/ort-training/session/library.js';
import { parseDevice } from '../src/runtime/device.js';
import { Stepper } from '../src/runtime/stepping/stepper.js';
import { parseSettings, type Settings, type SettingsInput } from '../src/settings/settings.js';
import { MOBILENET, RESNET, WIDER } from './run/runs.js';

const example = (name: string) => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const DRIVER = example('drive-step.mjs');
const PYTHON = process.env.PYTHON ?? 'python3';
const NETS = [RESNET, MOBILENET];
const INPUT = { classes: 4, channels: 3, height: 8, width: 8 };
const BATCH = 8;
const STEPS = 30;

interface Measures {
  readonly ce: readonly number[];
  readonly total: readonly number[];
}

async function artifactOf(options: Pick<ArtifactOptions, 'networks' | 'step' | 'weights'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-examples-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const artifact = join(folder, 'artifact');
  await writeArtifact(artifact, createArtifact({ ...options, input: INPUT, made: '', licence: null }));
  return artifact;
}

async function drive(settings: SettingsInput, steps: number, env: NodeJS.ProcessEnv = process.env) {
  const step = { settings: parseSettings(settings), batch: BATCH };
  return run([process.execPath, DRIVER, await artifactOf({ networks: zooNetworks(NETS), step }), String(steps)], env);
}

/** Runs a driver and reads what it prints. */
async function run(
  [command, ...parameters]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ steps: Measures[]; accuracy: number[] }> {
  const { stdout } = await promisify(execFile)(command, parameters, { env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const { evaluation } = lines.pop() as { evaluation: { accuracy: number[] } };
  return { steps: lines as Measures[], accuracy: evaluation.accuracy };
}

describe('examples/drive-step.mjs trains a competition from its artifact alone', () => {
  it.each([
    ['SGD', { rule: 'argmin' }],
    ['AdamW', { rule: 'all', optimizer: { name: 'adamw' } }],
  ] as const)('with %s', async (_, settings) => {
    const { steps, accuracy } = await drive(settings, STEPS);
    expect(steps.length).toBe(STEPS);
    expect(accuracy.length).toBe(NETS.length);
    for (const i of NETS.keys()) {
      expect(steps.at(-1)?.ce[i]).toBeLessThan(steps[0]?.ce[i] as number);
      // A student's loss has what its teacher says on top
      expect(steps[0]?.total[i]).toBeGreaterThanOrEqual(steps[0]?.ce[i] as number);
    }
    expect(steps[0]?.total).not.toEqual(steps[0]?.ce);
  });

  it.skipIf(!hasOrtTraining())(
    'with onnxruntime-web (1.19.2; skipped without ort-training) to the same losses',
    async () => {
      const [node, web] = [
        await drive({ rule: 'argmin' }, 5),
        await drive({ rule: 'argmin' }, 5, { ...process.env, ORT_PACKAGE: 'ort-training' }),
      ];
      for (const [t, { total }] of node.steps.entries()) {
        for (const [i, loss] of total.entries()) expect(web.steps[t]?.total[i]).toBeCloseTo(loss, 4);
      }
    },
  );
});

const hasPython = spawnSync(PYTHON, ['-c', 'import numpy, onnxruntime']).status === 0;

describe('drivers in any language take the steps of Agon’s own engine from the weights of an artifact', () => {
  const networks = zooNetworks([RESNET, WIDER]);
  const adamw = { rule: 'argmin', optimizer: { name: 'adamw', lr: 0.005 } } as const;
  const sgd = { rule: 'argmin', optimizer: { name: 'sgd', lr: 0.005, momentum: 0.9 } } as const;

  /** First weights, and AdamW's moments after 3 updates. */
  function weightsOf(settings: Settings) {
    const tensors = networks.flatMap(({ build }, i) => {
      return [...initialiseParameters(build(INPUT), 1, i)].map(([name, value]) => [`net${i}.${name}`, value] as const);
    });
    const isAdam = settings.optimizer.name === 'adamw';
    const moments = tensors.flatMap(([name, { dims, data }]) =>
      ['exp_avg', 'exp_avg_sq'].map((state) => {
        return [`${name}.${state}`, tensor('float32', dims, new Float32Array(data.length).fill(1e-3))] as const;
      }),
    );
    return { tensors: new Map<string, Tensor>([...tensors, ...(isAdam ? moments : [])]), updates: isAdam ? 3 : 0 };
  }

  async function ownLosses(settings: Settings, { tensors, updates }: ReturnType<typeof weightsOf>, steps: number) {
    const step = buildStep(
      networks.map(({ build }) => build(INPUT)),
      settings,
      { batch: BATCH },
    );
    const source = { graph: step.graph, state: step.state, nextOf: nextName };
    const stepper = await Stepper.open(source, { device: parseDevice('cpu') });
    const zeros = (name: string) => {
      const shape = step.graph.parameters.get(name)?.value.shape as number[];
      return tensor('float32', shape, new Float32Array(elementCount(shape)));
    };
    stepper.load(new Map(step.state.map((name) => [name, tensors.get(name) ?? zeros(name)])));
    const dims = [BATCH, INPUT.channels, INPUT.height, INPUT.width];
    const images = Float32Array.from({ length: elementCount(dims) }, (_, i) => 1.5 * Math.sin(i * i));
    const labels = BigInt64Array.from({ length: BATCH }, (_, i) => BigInt(i % INPUT.classes));
    const losses: number[][] = [];
    for (let t = 1; t <= steps; t++) {
      const scalars = createOptimizer(settings.optimizer).scalarsAt(settings.optimizer.lr, updates + t);
      const fed = Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)]));
      const batch = { images: tensor('float32', dims, images), labels: tensor('int64', [BATCH], labels) };
      losses.push(toNumbers((await stepper.step({ ...batch, ...fed })).get('total') as Tensor));
    }
    await stepper.close();
    return losses;
  }

  it.skipIf(!hasPython)(`drive_step.py (skipped where ${PYTHON} has no onnxruntime and NumPy)`, async () => {
    await compare([PYTHON, example('drive_step.py')]);
  });
  it('drive-step.mjs', () => compare([process.execPath, DRIVER]));

  async function compare(command: readonly [string, string]): Promise<void> {
    for (const each of [sgd, adamw]) {
      const settings = parseSettings(each);
      const weights = weightsOf(settings);
      const artifact = await artifactOf({ networks, step: { settings, batch: BATCH }, weights });
      const { steps } = await run([...command, artifact, '5']);
      const own = await ownLosses(settings, weights, 5);
      expect(steps.length).toBe(5);
      for (const [t, { total }] of steps.entries()) {
        for (const [i, loss] of total.entries()) expect(loss).toBeCloseTo(own[t]?.[i] as number, 4);
      }
    }
  }
});
