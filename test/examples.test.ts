import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ArtifactOptions, createArtifact } from '../src/artifacts/create.js';
import { writeArtifact } from '../src/artifacts/write.js';
import { zooNetworks } from '../src/artifacts/zoo.js';
import { createNetwork } from '../src/nets/registry.js';
import { elementCount, type Tensor, tensor } from '../src/onnx/tensor.js';
import { hasOrtTraining } from '../src/runtime/ort-training/library.js';
import { parseSettings, type SettingsInput } from '../src/train/settings.js';
import { MOBILENET, RESNET } from './train/runs.js';

const DRIVER = fileURLToPath(new URL('../examples/drive-step.mjs', import.meta.url));
const NETS = [RESNET, MOBILENET];
const STEPS = 30;

interface Measures {
  readonly step: number;
  readonly ce: readonly number[];
  readonly total: readonly number[];
}

async function drive(
  settings: SettingsInput,
  steps: number,
  { env = process.env, weights }: { readonly env?: NodeJS.ProcessEnv } & Pick<ArtifactOptions, 'weights'> = {},
): Promise<{ steps: Measures[]; accuracy: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-examples-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const input = { classes: 4, channels: 3, height: 8, width: 8 };
  const step = { settings: parseSettings(settings), batch: 8 };
  const content = createArtifact({ networks: zooNetworks(NETS), input, step, weights, made: '', licence: null });
  await writeArtifact(join(folder, 'artifact'), content);
  const { stdout } = await promisify(execFile)(process.execPath, [DRIVER, join(folder, 'artifact'), String(steps)], {
    env,
  });
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

  it('from the weights that are in it, counting on from their updates', async () => {
    const [resnet] = NETS.map((net) => createNetwork(net as never, { classes: 4, channels: 3, height: 8, width: 8 }));
    const zeros = [...(resnet?.parameters ?? [])].map(([name, { value }]): [string, Tensor] => {
      const shape = value.shape as number[];
      return [`net0.${name}`, tensor('float32', shape, new Float32Array(elementCount(shape)))];
    });
    const { steps } = await drive({ rule: 'none' }, 2, { weights: { tensors: new Map(zeros), updates: 7 } });
    expect(steps.map(({ step }) => step)).toEqual([8, 9]);
    expect(steps[0]?.ce[0]).toBeCloseTo(Math.log(4), 6);
    expect(steps[0]?.ce[1]).not.toBeCloseTo(Math.log(4), 6);
  });

  it.skipIf(!hasOrtTraining())(
    'with onnxruntime-web (1.19.2; skipped without ort-training) to the same losses',
    async () => {
      const [node, web] = [
        await drive({ rule: 'argmin' }, 5),
        await drive({ rule: 'argmin' }, 5, { env: { ...process.env, ORT_PACKAGE: 'ort-training' } }),
      ];
      for (const [t, { total }] of node.steps.entries()) {
        for (const [i, loss] of total.entries()) expect(web.steps[t]?.total[i]).toBeCloseTo(loss, 4);
      }
    },
  );
});
