import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateRun } from '../../src/evaluate/evaluate-run.js';
import { exportRun } from '../../src/export/export-run.js';
import { openTrainedGroup } from '../../src/export/trained-group.js';
import { openCheckpoint } from '../../src/group/open-checkpoint.js';
import { encodeSafetensors, readSafetensors } from '../../src/onnx/safetensors.js';
import type { Tensor } from '../../src/onnx/tensor.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/store/checkpoint.js';
import { checksumOf } from '../../src/store/checkpoint-checksum.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { sha256 } from '../../src/util/files/sha256.js';
import { stream } from '../../src/util/random.js';
import { runHere, temporaryFolder } from '../run/runs.js';

const FORMATS = join(import.meta.dirname, '../fixtures/formats/1');
/** Of the stopped run: 3 whole steps of 4 in the third epoch, network 1 on trial since step 8. */
const STEPS_PER_EPOCH = 4;

/** A copy of a run of the fixture. */
async function copyOf(name: 'run' | 'stopped'): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  await mkdir(dirname(folder), { recursive: true });
  await cp(join(FORMATS, name), folder, { recursive: true });
  return folder;
}

/** Whatever may be wrong. */
// biome-ignore lint/suspicious/noExplicitAny: damage has no type
type Damage = (header: any) => void;

const DAMAGES: readonly [string, Damage][] = [
  ['settings.epochs', (h) => (h.settings.epochs = 'three')],
  ['settings: ', (h) => (h.settings.unheard = 1)],
  ['settings', (h) => (h.settings = null)],
  ['settings.nets', (h) => (h.settings.nets = [])],
  ['position', (h) => (h.position = 7)],
  ['position.epoch', (h) => (h.position.epoch = 41)],
  ['position.epoch', (h) => (h.position.epoch = -1)],
  ['position.step', (h) => (h.position = { epoch: 40, step: 3 })],
  ['position.step', (h) => (h.position.step = 1.5)],
  ['partial.loss', (h) => h.partial.loss.pop()],
  ['partial.loss', (h) => (h.partial.loss[0] = null)],
  ['partial.accuracy', (h) => (h.partial.accuracy = [])],
  ['partial.accuracy', (h) => (h.partial.accuracy[1] = 3.5)],
  ['partial.accuracy', (h) => (h.partial.accuracy[1] = -1)],
  ['partial.lineage.won', (h) => h.partial.lineage.won.push(0)],
  ['partial.lineage.won', (h) => h.partial.lineage.won[0]++],
  ['partial.lineage.kl', (h) => h.partial.lineage.kl.pop()],
  ['partial.lineage.steps', (h) => h.partial.lineage.steps--],
  ['partial.teachers', (h) => h.partial.teachers.pop()],
  ['partial.teachers', (h) => h.partial.teachers[1].push(true)],
  ['partial.teachers', (h) => (h.partial.teachers[1][0] = 1)],
  ['partial.seconds', (h) => (h.partial.seconds = -1)],
  ['partial.seconds', (h) => (h.partial.seconds = 1e6)],
  ['partial.waited', (h) => (h.partial.waited = 'long')],
  ['seconds', (h) => (h.seconds = -3)],
  ['best', (h) => (h.best = null)],
  ['best.network', (h) => (h.best.network = 7)],
  ['best.network', (h) => (h.best.network = -1)],
  ['best.network', (h) => (h.best.network = 1 - h.best.network)],
  ['best.epoch', (h) => (h.best.epoch = 2)],
  ['best.epoch', (h) => (h.best.epoch = -1)],
  ['best.validation', (h) => h.best.validation.pop()],
  ['best.validation', (h) => (h.best.validation[0].accuracy = 1.5)],
  ['best.validation', (h) => (h.best.validation[0].top5 = -0.5)],
  ['best.validation', (h) => (h.best.validation[0].loss = null)],
  ['best', (h) => delete h.best.ensemble],
  ['best', (h) => delete h.best.validation],
  ['best.ensemble.ece', (h) => (h.best.ensemble.ece = 2)],
  ['trial.network', (h) => (h.trial.network = 2)],
  ['trial.network', (h) => (h.trial.network = -1)],
  ['trial.operation', (h) => (h.trial.operation = 'exchange')],
  ['trial.mate', (h) => (h.trial.mate = 0)],
  ['trial.mate', (h) => (h.trial.operation = 'crossover')],
  ['trial.mate', (h) => Object.assign(h.trial, { operation: 'crossover', mate: 1 })],
  ['trial.mate', (h) => Object.assign(h.trial, { operation: 'crossover', mate: 5 })],
  ['trial.ce', (h) => h.trial.ce.push(1)],
  ['trial.start', (h) => (h.trial.start = -2)],
  ['trial: expected none', (h) => (h.settings.parameterPerturbation = null)],
  ['classes', (h) => (h.classes = [])],
  ['classes', (h) => (h.classes[1] = h.classes[0])],
  ['classes', (h) => (h.classes[1] = 3)],
  ['forms', (h) => (h.forms = { a: 1 })],
  ['dataFingerprint', (h) => (h.dataFingerprint = 3)],
  ['preprocessing.height', (h) => (h.preprocessing.height = 1e6)],
  ['preprocessing.height', (h) => (h.preprocessing.height = 0)],
  ['preprocessing: expected height and width 16', (h) => (h.preprocessing.height = 17)],
  ['preprocessing: expected height and width 16', (h) => (h.preprocessing.width = 15)],
  ['preprocessing.channels', (h) => (h.preprocessing.channels = 4)],
  ['preprocessing.mean', (h) => h.preprocessing.mean.pop()],
  ['preprocessing.mean', (h) => (h.preprocessing.channels = 1)],
  ['preprocessing.std', (h) => (h.preprocessing.std = [0, 0, 0])],
  ['preprocessing.std', (h) => (h.preprocessing.std = [-1, 1, 1])],
  ['preprocessing.std', (h) => (h.preprocessing.std = [null, 1, 1])],
  ['preprocessing.std', (h) => h.preprocessing.std.push(1)],
  ['preprocessing.resize', (h) => (h.preprocessing.resize = { height: 8, width: 8 })],
  ['preprocessing.resize', (h) => (h.preprocessing.resize.width = 1e9)],
];

/** What a file of older versions, which doesn't know the steps of an epoch, can tell beside it, or its run. */
const DAMAGES_WITHOUT_STEPS: readonly [string, Damage][] = [
  ['partial.lineage.steps', (h) => (h.position.step = 1e8)],
  [
    'position.step',
    (h) => {
      h.position.step = h.partial.lineage.steps = 1e8;
      h.partial.lineage.won = [1e8, 0];
    },
  ],
];

/** What only a file of version 3 can tell, which knows the steps of an epoch. */
const DAMAGES_OF_STEPS: readonly [string, Damage][] = [
  ['stepsPerEpoch', (h) => (h.stepsPerEpoch = 0)],
  ['stepsPerEpoch', (h) => (h.stepsPerEpoch = 'four')],
  ['position.step', (h) => (h.stepsPerEpoch = 1)],
  ['position.step', (h) => (h.position.step = 1e8)],
  ['trial.start', (h) => (h.trial.start = 20)],
  ['trial.start', (h) => (h.trial.start = 3)],
];

describe('a header of version 2 that is damaged', () => {
  it.each([...DAMAGES, ...DAMAGES_WITHOUT_STEPS])(
    'at "%s" (%#) is an error that names file and field',
    async (field, damage) => {
      const path = runPaths(await copyOf('stopped')).last;
      const { tensors, metadata } = readSafetensors(await readFile(path));
      const header = Object.fromEntries(
        Object.entries(metadata).map(([key, text]) => [
          key,
          key === 'format' || key === 'version' ? text : JSON.parse(text),
        ]),
      );
      damage(header);
      const texts = Object.entries(header).map(([key, value]) => {
        return [key, key === 'format' || key === 'version' ? (value as string) : JSON.stringify(value)];
      });
      await writeFile(path, encodeSafetensors(tensors, Object.fromEntries(texts)));
      const opened = readCheckpoint(path).then(async (checkpoint) => {
        // A run with so many steps is the only one that knows better
        expect(checkpoint.position.step).toBe(1e8);
        const folder = dirname(path);
        await runHere(await readRunSettings(folder), { folder, resume: true });
      });
      await expect(opened).rejects.toThrow(`${path}: its header is damaged: ${field}`);
    },
  );
});

/** A checkpoint's bytes in version 3, with right checksums whatever its header says. */
async function encode({ tensors, ...header }: Checkpoint): Promise<Uint8Array> {
  const fields = Object.entries(header).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(fields.map(([key, value]) => [key, JSON.stringify(value)]));
  const metadata = { format: 'agon-checkpoint', version: '3', ...texts };
  const checksum = JSON.stringify(await checksumOf(metadata, tensors, sha256));
  return encodeSafetensors(tensors, { ...metadata, checksum });
}

describe('a header of version 3 that is damaged', () => {
  const stored = runPaths(join(FORMATS, 'stopped')).last;
  const whole = readCheckpoint(stored).then((checkpoint) => ({ ...checkpoint, stepsPerEpoch: STEPS_PER_EPOCH }));

  it('is none that is written', async () => {
    const path = join(await temporaryFolder(), 'last.safetensors');
    await writeCheckpoint(path, await whole);
    expect(Buffer.from(await encode(await whole)).equals(await readFile(path))).toBe(true);
    expect(await readCheckpoint(path)).toEqual(await whole);
  });

  it.each([...DAMAGES, ...DAMAGES_OF_STEPS])(
    'at "%s" (%#) is an error in spite of right checksums',
    async (field, damage) => {
      const path = join(await temporaryFolder(), 'last.safetensors');
      const { tensors, ...rest } = await whole;
      const header = structuredClone(rest);
      damage(header);
      await writeFile(path, await encode({ ...header, tensors }));
      await expect(readCheckpoint(path)).rejects.toThrow(`${path}: its header is damaged: ${field}`);
    },
  );

  it.each(['settings', 'position', 'partial', 'best', 'trial', 'classes', 'forms', 'dataFingerprint', 'preprocessing'])(
    'for want of its field "%s" is an error that names it',
    async (field) => {
      const path = join(await temporaryFolder(), 'last.safetensors');
      await writeFile(path, await encode({ ...(await whole), [field]: undefined } as unknown as Checkpoint));
      await expect(readCheckpoint(path)).rejects.toThrow(`${path}: its header is damaged: ${field}: `);
    },
  );
});

describe('a checkpoint in which bits have flipped', () => {
  it('is an error that names the file, wherever they are', async () => {
    const path = runPaths(await copyOf('stopped')).last;
    await writeCheckpoint(path, { ...(await readCheckpoint(path)), stepsPerEpoch: STEPS_PER_EPOCH });
    const whole = await readFile(path);
    const random = stream(1, 'flipped');
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from(whole);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      await writeFile(path, bytes);
      await expect(readCheckpoint(path), `byte ${at}`).rejects.toThrow(path);
    }
  });

  it('of a tensor says so', async () => {
    const path = runPaths(await copyOf('run')).best;
    await writeCheckpoint(path, await readCheckpoint(path));
    const bytes = await readFile(path);
    const at = bytes.length - 100;
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(path, bytes);
    await expect(readCheckpoint(path)).rejects.toThrow(
      `${path}: its tensors changed since it was written: expected the checksum `,
    );
  });
});

describe('tensors that are not those of the networks', () => {
  const of = (dims: readonly number[]): Tensor => {
    return { dtype: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) };
  };
  const damages: readonly [string, (tensors: Map<string, Tensor>) => void][] = [
    ['tensor "net1.fc.bias" is missing', (t) => t.delete('net1.fc.bias')],
    ['tensor "net0.bn1.running_mean" is missing', (t) => t.delete('net0.bn1.running_mean')],
    [
      'tensor "net0.conv1.weight": expected float32 [4, 3, 3, 3], got',
      (t) => t.set('net0.conv1.weight', of([4, 1, 3, 3])),
    ],
    ['tensor "net0.fc.bias": expected float32 [10], got float32 [9]', (t) => t.set('net0.fc.bias', of([9]))],
    ['tensor "net0.fc.bias.momentum_buffer": expected', (t) => t.set('net0.fc.bias.momentum_buffer', of([9]))],
    ['tensor "net0.extra" is of none of its networks', (t) => t.set('net0.extra', of([1]))],
    ['tensor "net2.fc.bias" is of none of its networks', (t) => t.set('net2.fc.bias', of([10]))],
    ['tensor "other" is of none of its networks', (t) => t.set('other', of([]))],
    ['tensor "trial.net1.fc.bias" is missing', (t) => t.delete('trial.net1.fc.bias')],
    ['tensor "trial.net1.fc.bias": expected float32 [10]', (t) => t.set('trial.net1.fc.bias', of([9]))],
    ['tensor "trial.net0.fc.bias" is of no network on trial', (t) => t.set('trial.net0.fc.bias', of([10]))],
    ['tensor "trial.net1.extra" is of no network on trial', (t) => t.set('trial.net1.extra', of([10]))],
  ];

  it.each(damages)('%s', async (message, damage) => {
    const folder = await copyOf('stopped');
    const { last } = runPaths(folder);
    const checkpoint = await readCheckpoint(last);
    const tensors = new Map(checkpoint.tensors);
    damage(tensors);
    await writeFile(last, await encode({ ...checkpoint, tensors }));
    await expect(openCheckpoint(folder, 'last')).rejects.toThrow(`${last}: ${message}`);
  });

  it('are refused by every use', async () => {
    const folder = await copyOf('stopped');
    const { last } = runPaths(folder);
    const checkpoint = await readCheckpoint(last);
    const tensors = new Map([...checkpoint.tensors].filter(([name]) => name !== 'net1.fc.bias'));
    await writeFile(last, await encode({ ...checkpoint, tensors }));
    const settings = await readRunSettings(folder);
    for (const use of [
      () => evaluateRun(folder, { checkpoint: 'last' }),
      () => exportRun(folder, { checkpoint: 'last' }),
      () => runHere(settings, { folder, resume: true }),
    ]) {
      await expect(use()).rejects.toThrow(`${last}: tensor "net1.fc.bias" is missing. Take a copy`);
    }
  });

  it.each(['net0.fc.bias', 'net0.fc.bias.momentum_buffer'])('of which %s is missing give no artifact', async (name) => {
    const folder = await copyOf('run');
    const { best } = runPaths(folder);
    const checkpoint = await readCheckpoint(best);
    await writeCheckpoint(best, {
      ...checkpoint,
      tensors: new Map([...checkpoint.tensors].filter(([key]) => key !== name)),
    });
    await expect(openTrainedGroup(folder)).rejects.toThrow(`${best}: tensor "${name}" is missing`);
  });

  it('since the settings name other networks are an error', async () => {
    const folder = await copyOf('run');
    const { best } = runPaths(folder);
    const checkpoint = await readCheckpoint(best);
    const nets = [...checkpoint.settings.nets].reverse();
    await writeCheckpoint(best, { ...checkpoint, settings: { ...checkpoint.settings, nets } });
    await expect(openCheckpoint(folder, 'best')).rejects.toThrow(
      `${best}: tensor "net0.conv1.weight": expected float32 [6, `,
    );
  });
});

describe('a resumed run', () => {
  it('finds at once that the checkpoint of its best epoch is damaged or missing', async () => {
    const folder = await copyOf('stopped');
    const { best } = runPaths(folder);
    const settings = await readRunSettings(folder);
    const bytes = await readFile(best);
    await writeFile(best, bytes.subarray(0, 1000));
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(best);
    await rm(best);
    await expect(runHere(settings, { folder, resume: true })).rejects.toThrow(`${best}: there is no such checkpoint`);
  });
});
