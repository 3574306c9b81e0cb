import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BrowserTraining, startTraining } from '../../src/api/browser.js';
import type { LabelledPicture } from '../../src/browser/training.js';
import type { StepEvent, TrainEvent } from '../../src/events/events.js';
import { exportRun } from '../../src/export/export-run.js';
import { readLineage } from '../../src/lineage/lineage-file.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { buildNetwork, planNetwork } from '../../src/nets/registry.js';
import { encodeSafetensors } from '../../src/onnx/safetensors.js';
import { float32Data, tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { Session } from '../../src/runtime/session.js';
import { parseSettings, type Settings, type SettingsInput } from '../../src/settings/settings.js';
import { type Checkpoint, readCheckpoint } from '../../src/store/checkpoint.js';
import { readRunSettings, runPaths } from '../../src/store/run-folder.js';
import { at } from '../../src/util/checked.js';
import { present } from '../../src/util/error.js';
import { RESNET, runHere, temporaryFolder, WIDER } from '../run/runs.js';
import { CLASSES, drawPictures } from './draw-pictures.js';
import { RUNTIME_URL } from './runtime-url.js';
import { unpack } from './unpack.js';

const PICTURES = drawPictures(14);

function settingsOf(overrides: SettingsInput = {}): Settings {
  return parseSettings({
    nets: [RESNET, WIDER],
    size: 12,
    epochs: 2,
    batchSize: 6,
    validation: 0.2,
    optimizer: { name: 'sgd', lr: 0.05 },
    threads: 1,
    tune: false,
    seed: 4,
    ...overrides,
  });
}

interface Begun {
  readonly training: BrowserTraining;
  readonly events: TrainEvent[];
}

interface Beginning {
  readonly pictures?: readonly LabelledPicture[];
  readonly weights?: readonly Uint8Array[];
  readonly resume?: Uint8Array;
  /** Asks for a stop as soon as so many steps are done. */
  readonly stopAfter?: number;
}

async function begin(
  settings: Settings,
  { stopAfter, pictures = PICTURES, ...others }: Beginning = {},
): Promise<Begun> {
  const events: TrainEvent[] = [];
  const training: BrowserTraining = await startTraining({
    classes: CLASSES,
    pictures,
    settings,
    runtimeUrl: RUNTIME_URL,
    provider: 'wasm',
    ...others,
    emit: (event) => {
      events.push(event);
      if (stepsIn(events).length === stopAfter) training.stop();
    },
  });
  return { training, events };
}

const stepsIn = (events: readonly TrainEvent[]) => events.filter((event): event is StepEvent => event.type === 'step');

/** The largest difference of two checkpoints' tensors, which must have the same names. */
function differenceOf(one: Checkpoint, other: Checkpoint): number {
  expect([...one.tensors.keys()].sort()).toEqual([...other.tensors.keys()].sort());
  const differences = [...one.tensors].map(([name, value]) => {
    const theirs = float32Data(present(other.tensors.get(name), name));
    return float32Data(value).reduce((most, x, i) => Math.max(most, Math.abs(x - at(theirs, i))), 0);
  });
  return Math.max(...differences);
}

/** Holds steps against those of another run: the same teachers, and cross-entropies up to rounding. */
function expectSameSteps(got: readonly TrainEvent[], expected: readonly TrainEvent[], tolerance = 1e-4): void {
  const [ours, theirs] = [stepsIn(got), stepsIn(expected)];
  expect(ours.length).toBe(theirs.length);
  for (const [i, step] of ours.entries()) {
    const other = at(theirs, i);
    expect([step.epoch, step.step, step.lr]).toEqual([other.epoch, other.step, other.lr]);
    expect(step.teachers).toEqual(other.teachers);
    for (const [n, ce] of step.ce.entries()) expect(Math.abs(ce - at(other.ce, n))).toBeLessThan(tolerance);
  }
}

describe('a training in a page', () => {
  const settings = settingsOf();
  let training: BrowserTraining;
  let events: TrainEvent[];
  beforeAll(async () => {
    ({ training, events } = await begin(settings));
    expect(await training.run()).toBe('finished');
  });

  it('takes the steps that Node.js takes with the files of its archive', async () => {
    const folder = await unpack(await training.exportRun());
    const inNode = await runHere({ ...settings, data: join(folder, 'pictures') });
    expectSameSteps(events, inNode.events);
    const [ours, theirs] = [
      await readCheckpoint(runPaths(folder).last),
      await readCheckpoint(runPaths(inNode.folder).last),
    ];
    // Pictures are never scaled while they are decoded
    expect({ ...ours.preprocessing, decodeMargin: 2 }).toEqual(theirs.preprocessing);
    expect(ours.dataFingerprint).toBe(theirs.dataFingerprint);
    expect(ours.classes).toEqual([...CLASSES].sort());
    expect(differenceOf(ours, theirs)).toBeLessThan(1e-4);
    const [line, other] = [
      await readLineage(runPaths(folder).lineage),
      await readLineage(runPaths(inNode.folder).lineage),
    ];
    expect(line.steps.map((step) => step?.winner)).toEqual(other.steps.map((step) => step?.winner));
    const epochs = (all: readonly TrainEvent[]) => all.filter((event) => event.type === 'epoch');
    const validated = (all: readonly TrainEvent[]) =>
      epochs(all).map(({ networks }) => networks.map((each) => each.validation?.accuracy));
    expect(validated(events)).toEqual(validated(inNode.events));
    expect(epochs(events).length).toBe(2);
  });

  it('goes on in Node.js, from where its archive is unpacked', async () => {
    const folder = await unpack(await training.exportRun());
    const own = await readRunSettings(folder);
    expect(own.data).toBe(join(folder, 'pictures'));
    const resumed = await runHere({ ...own, epochs: 3 }, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
    expect(stepsIn(resumed.events).map(({ epoch }) => epoch)).toEqual(Array(3).fill(2));
    const log = (await readFile(runPaths(folder).log, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(log.map(({ type }) => type).filter((type) => type === 'epoch').length).toBe(2);
    expect(log[0]).toMatchObject({ type: 'start', version: 1, networks: [{ index: 0 }, { index: 1 }] });
  });

  it('exports the model that Node.js exports of its archive', async () => {
    const folder = await unpack(await training.exportRun());
    const { path } = await exportRun(folder, { checkpoint: 'best' });
    expect((await readFile(path)).equals(await training.exportModel())).toBe(true);
  });

  it('answers as its networks do in Node.js, in the order of its own classes', async () => {
    const folder = await unpack(await training.exportRun());
    for (const network of ['0', '1']) {
      const { path } = await exportRun(folder, { checkpoint: 'last', network });
      const session = await Session.open(await readFile(path), { device: CPU });
      for (const { width, height, pixels } of PICTURES.slice(12, 16)) {
        const feeds = { image: tensor('uint8', [1, height, width, 3], pixels) };
        const results = await session.run(feeds, ['probabilities']);
        const row = float32Data(present(results.get('probabilities'), 'probabilities'));
        const own = at(await training.predict({ width, height, pixels }), Number(network));
        // The model doesn't round what it scales to 8 bits
        for (const [c, name] of CLASSES.entries()) {
          expect(Math.abs(at(row, [...CLASSES].sort().indexOf(name)) - at(own, c))).toBeLessThan(2e-3);
        }
      }
      await session.close();
    }
  });

  it('tells how each network does on each class, in the order of the page', async () => {
    const accuracies = await training.classAccuracies();
    const folder = await unpack(await training.exportRun());
    const last = await readCheckpoint(runPaths(folder).last);
    const events = last.epochs ?? [];
    const validated = (events.at(-1) as unknown as { networks: { validation: { accuracy: number } }[] }).networks;
    // 14 pictures of each class, of which 3 are held out: the mean over the classes is that over all
    for (const [i, own] of accuracies.entries()) {
      expect(own.length).toBe(2);
      for (const share of own) expect(3 * share).toBeCloseTo(Math.round(3 * share), 9);
      expect((at(own, 0) + at(own, 1)) / 2).toBeCloseTo(at(validated, i).validation.accuracy, 9);
    }
  });
});

it('goes on in a page to the bit as if it had never stopped', async () => {
  const settings = settingsOf({ epochs: 3, schedule: { name: 'plateau', factor: 0.5, patience: 0 }, ema: 0.9 });
  const whole = await begin(settings);
  expect(await whole.training.run()).toBe('finished');
  const first = await begin(settings, { stopAfter: 5 });
  expect(await first.training.run()).toBe('stopped');
  const saved = await first.training.save();
  const second = await begin(settings, { resume: saved });
  expect(await second.training.run()).toBe('finished');
  expect([...stepsIn(first.events), ...stepsIn(second.events)].map(({ ce }) => ce)).toEqual(
    stepsIn(whole.events).map(({ ce }) => ce),
  );
  // Called again, the first one goes on as well
  expect(await first.training.run()).toBe('finished');
  const folders = await Promise.all(
    [whole, first, second].map(async ({ training }) => unpack(await training.exportRun())),
  );
  const [one, ...others] = await Promise.all(folders.map((folder) => readCheckpoint(runPaths(folder).last)));
  for (const other of others) expect(differenceOf(present(one, 'a checkpoint'), other)).toBe(0);
  const lineages = await Promise.all(folders.map((folder) => readFile(runPaths(folder).lineage)));
  for (const other of lineages.slice(1)) expect(other.equals(present(lineages[0], 'a lineage'))).toBe(true);
});

/** Weights of the small network for other classes. */
async function givenWeights(): Promise<{ weights: Uint8Array; file: string }> {
  const data = { classes: 5, channels: 3, height: 12, width: 12 };
  const graph = buildNetwork(planNetwork(RESNET), data);
  const weights = encodeSafetensors(initialiseParameters(graph, 9, 0));
  const file = join(await temporaryFolder(), 'weights.safetensors');
  await writeFile(file, weights);
  return { weights, file };
}

describe('heads on the features of frozen weights', () => {
  it('are trained as in Node.js, in views drawn alike', async () => {
    const { weights, file } = await givenWeights();
    const settings = settingsOf({
      nets: [RESNET, RESNET],
      pretrained: [file],
      freeze: 'backbone',
      views: 3,
      featureCache: 'memory',
      sampler: 'balanced',
    });
    const { training, events } = await begin(settings, { weights: [weights] });
    expect(await training.run()).toBe('finished');
    const folder = await unpack(await training.exportRun());
    const inNode = await runHere({ ...settings, data: join(folder, 'pictures') });
    expectSameSteps(events, inNode.events);
    const checkpoints = [
      await readCheckpoint(runPaths(folder).last),
      await readCheckpoint(runPaths(inNode.folder).last),
    ] as const;
    expect(differenceOf(...checkpoints)).toBeLessThan(1e-4);
    const [one, two] = await training.predict(at(PICTURES, 0));
    expect(one).not.toEqual(two);
    const resumed = await runHere({ ...(await readRunSettings(folder)), epochs: 3 }, { folder, resume: true });
    expect(resumed.outcome).toBe('finished');
  });

  it('are joined by the other layers, in a page as in Node.js', async () => {
    const { weights, file } = await givenWeights();
    const settings = settingsOf({ nets: [RESNET, RESNET], pretrained: [file], unfreezeAt: 1, featureCache: 'memory' });
    const { training, events } = await begin(settings, { weights: [weights] });
    expect(await training.run()).toBe('finished');
    const folder = await unpack(await training.exportRun());
    const inNode = await runHere({ ...settings, data: join(folder, 'pictures') });
    expectSameSteps(events, inNode.events, 1e-3);
  });
});

it('perturbs, mixes and balances as in Node.js', async () => {
  const settings = settingsOf({
    nets: [RESNET, RESNET],
    inputPerturbation: { pool: 'paper', when: { every: 2 } },
    parameterPerturbation: { when: { every: 2 }, window: 2 },
    sampler: 'balanced',
    mixup: 0.2,
    colorJitter: [0.2, 0.2, 0.2, 0.1],
    optimizer: { name: 'adamw', lr: 0.01 },
  });
  const { training, events } = await begin(settings);
  expect(await training.run()).toBe('finished');
  const folder = await unpack(await training.exportRun());
  const inNode = await runHere({ ...settings, data: join(folder, 'pictures') });
  expectSameSteps(events, inNode.events, 2e-3);
  expect(stepsIn(events).map(({ verdict }) => verdict?.kept)).toEqual(
    stepsIn(inNode.events).map(({ verdict }) => verdict?.kept),
  );
});

describe('what a page can not train with is an error', () => {
  it.each([
    [{ nets: ['model.onnx'] }, /nets in a page/],
    [{ unlabelled: 'folder', teacher: { model: 'x.onnx' } }, /teacher in a page/],
    [{ task: 'multi-label' as const }, /task in a page/],
    [{ pretrained: ['imagenet'] }, /weights: there are none: expected the bytes of imagenet/],
  ])('%j', async (overrides, message) => {
    await expect(begin(settingsOf(overrides))).rejects.toThrow(message);
  });

  it('classes without names for folders, and pictures that are none', async () => {
    const [picture] = PICTURES;
    const starting = (classes: readonly string[], pictures: readonly LabelledPicture[] = PICTURES) =>
      startTraining({ classes, pictures, settings: settingsOf(), runtimeUrl: RUNTIME_URL, emit: () => {} });
    await expect(starting(['one'])).rejects.toThrow('classes: how many there are: expected two or more, got 1');
    await expect(starting(['a/b', 'c'])).rejects.toThrow('classes: the name "a/b"');
    await expect(starting(['con', 'c'])).rejects.toThrow('classes: the name "con"');
    await expect(starting(['Cats', 'cats'])).rejects.toThrow('the name "cats" is there twice');
    await expect(starting(CLASSES, [...PICTURES, present(picture, 'one')])).rejects.toThrow('would be one file');
    await expect(starting(['a', 'b', 'c'])).rejects.toThrow('there is none of the class "c"');
    const short = { ...present(picture, 'one'), name: 'short', pixels: new Uint8Array(5) };
    await expect(starting(CLASSES, [...PICTURES, short])).rejects.toThrow('picture "short": its pixels');
  });

  it('what was saved with other pictures or settings, or is damaged', async () => {
    const { training } = await begin(settingsOf());
    const saved = await training.save();
    await expect(begin(settingsOf({ seed: 5 }), { resume: saved })).rejects.toThrow('setting "seed" is another one');
    await expect(begin(settingsOf(), { resume: saved, pictures: PICTURES.slice(1) })).rejects.toThrow(
      'its pictures or classes are others',
    );
    await expect(begin(settingsOf(), { resume: saved.slice(0, 1000) })).rejects.toThrow(
      "the saved training: can't be read",
    );
    const again = await begin(settingsOf({ epochs: 1 }), { resume: saved });
    expect(await again.training.run()).toBe('finished');
  });
});
