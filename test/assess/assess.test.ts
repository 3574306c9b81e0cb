import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { KeptAnswers } from '../../src/assess/answers.js';
import { type AssessOptions, assess } from '../../src/assess/assess.js';
import { allocateImages } from '../../src/data/dataset/packed-images.js';
import { networkPrefix } from '../../src/distill/names.js';
import type { Evaluation } from '../../src/events/evaluation.js';
import { initialiseParameters } from '../../src/nets/initialise.js';
import { createNetwork } from '../../src/nets/registry.js';
import { tensor } from '../../src/onnx/tensor.js';
import { CPU } from '../../src/runtime/device.js';
import { type Assessment, assessmentSchema } from '../../src/store/assessment.js';
import { sigmoid } from '../../src/util/maths/sigmoid.js';
import { softmax } from '../../src/util/maths/softmax.js';
import { stream } from '../../src/util/random.js';
import type { Task } from '../../src/util/task.js';
import { RESNET } from '../run/runs.js';

const [IMAGES, CLASSES, SIDE] = [120, 4, 8] as const;
const EVALUATION: Evaluation = { loss: 1, accuracy: 0.5, top5: 1, ece: 0.1 };
const THRESHOLDS = [0.6, 0.4];
const random = stream(8, 'answers');
const labels = Array.from({ length: IMAGES }, (_, i) => i % CLASSES);
const targets = labels.flatMap((label) => [0, 1, 2, 3].map((c) => (c === label || random.uniform() < 0.2 ? 1 : 0)));
/** Of two networks, which are right more often than not: [images][classes] */
const logits = [0, 1].map(() =>
  labels.map((label) => [0, 1, 2, 3].map((c) => Math.fround(2 * random.normal() - 1 + (c === label ? 3 : 0)))),
);

function optionsOf(task: Task): AssessOptions {
  const kept = new KeptAnswers({ task, networks: 2, classes: CLASSES, images: IMAGES, seed: 0 });
  const own = logits.map((rows) => tensor('float32', [IMAGES, CLASSES], rows.flat()));
  const batch = { labels: Int32Array.from(labels), targets: Float32Array.from(targets), size: IMAGES };
  kept.add(own, { ...batch, indices: new Uint32Array(IMAGES), features: [] });
  const graph = createNetwork(RESNET as never, { classes: CLASSES, channels: 1, height: SIDE, width: SIDE });
  const parameters = [...initialiseParameters(graph, 1)];
  const source = allocateImages(2 * IMAGES, { height: SIDE, width: SIDE }, 1);
  const pixels = stream(2, 'pixels');
  for (const i of source.data.keys()) source.data[i] = pixels.below(256);
  // The images of the split are every second one of the file
  const rows = Uint32Array.from({ length: IMAGES }, (_, i) => 2 * i + 1);
  const split = { length: IMAGES, labels: Int32Array.from(labels), source: { ...source, rows } };
  const evaluations = THRESHOLDS.map((threshold) =>
    task === 'multi-label' ? { ...EVALUATION, threshold } : EVALUATION,
  );
  return {
    answers: kept.answers,
    evaluation: { networks: evaluations, ensemble: EVALUATION },
    group: { graphs: [graph, graph], networks: [0, 1].map((index) => ({ index, name: 'net', parameters: 1 })) },
    tensors: new Map(
      [0, 1].flatMap((n) => parameters.map(([name, value]) => [networkPrefix(n) + name, value] as const)),
    ),
    winner: 1,
    epoch: 3,
    classes: ['a', 'b', '<c>', 'd'],
    images: { split: 'validation', dataset: { name: 'x', train: split }, parts: [{ name: 'validation', split }] },
    preprocessing: {
      height: SIDE,
      width: SIDE,
      channels: 1,
      mean: [0.5],
      std: [0.25],
      resize: { height: SIDE, width: SIDE },
    },
    device: CPU,
  };
}

const indexOf = (name: string) => (Number(/^train #(\d+)$/.exec(name)?.[1]) - 1) / 2;
const argmax = (row: ArrayLike<number>) => Array.from(row).indexOf(Math.max(...Array.from(row)));
const of = <T>(list: readonly T[], i: number) => list[i] as T;
/** The indices of the images in a list of pictures. */
const imagesIn = ({ pictures }: Assessment, list: readonly number[]) => list.map((p) => indexOf(of(pictures, p).name));
const falls = (values: readonly number[]) => values.every((x, i) => i === 0 || x <= (values[i - 1] as number) + 1e-12);

describe('the assessment of images of one class each', () => {
  const winner = of(logits, 1).map((row) => softmax(row));
  const wrong = (i: number) => argmax(of(winner, i)) !== labels[i];
  let assessment: Assessment;
  beforeAll(async () => {
    assessment = await assess(optionsOf('single-label'));
  });

  it('keeps to its format, and is equal each time', async () => {
    expect(assessmentSchema.parse(JSON.parse(JSON.stringify(assessment)))).toEqual(assessment);
    expect(await assess(optionsOf('single-label'))).toEqual(assessment);
  });

  it('has all networks and the ensemble, with what each said', () => {
    expect(assessment.subjects.map(({ label, network }) => [label, network])).toEqual([
      ['net #0', 0],
      ['net #1', 1],
      ['ensemble', undefined],
    ]);
    const mean = labels.map((_, i) => softmax(of(of(logits, 0), i)).map((p, c) => (p + (of(winner, i)[c] ?? 0)) / 2));
    for (const [s, rows] of [of(logits, 0), of(logits, 1), mean].entries()) {
      const right = rows.filter((row, i) => argmax(row) === labels[i]).length;
      const { confusion, perClass } = of(assessment.subjects, s);
      expect(confusion.reduce((sum, [own, said, n]) => sum + (own === said ? n : 0), 0)).toBe(right);
      expect(perClass.map(({ support }) => support)).toEqual([30, 30, 30, 30]);
    }
  });

  it("lists the winner's surest mistakes and its least certain answers, with their names in the file", () => {
    const worst = imagesIn(assessment, assessment.worst);
    expect(worst.length).toBe(Math.min(24, labels.filter((_, i) => wrong(i)).length));
    expect(worst.every(wrong)).toBe(true);
    expect(falls(worst.map((i) => Math.max(...of(winner, i))))).toBe(true);
    const margin = (i: number) => {
      const [first = 0, second = 0] = [...of(winner, i)].sort((a, b) => b - a);
      return first - second;
    };
    const least = [...labels.keys()].sort((a, b) => margin(a) - margin(b)).slice(0, 16);
    expect(imagesIn(assessment, assessment.uncertain)).toEqual(least);
  });

  it('shows of confused classes images of just these', () => {
    const counts = assessment.confused.map(({ class: own, said, pictures }) => {
      for (const i of imagesIn(assessment, pictures)) expect([labels[i], argmax(of(winner, i))]).toEqual([own, said]);
      return of(assessment.subjects, 1).confusion.find(([a, b]) => a === own && b === said)?.[2] ?? 0;
    });
    expect(counts.length).toBeGreaterThan(3);
    expect(falls(counts)).toBe(true);
  });

  it('has each picture once, with the answers of all, and maps of the networks', async () => {
    const { pictures, labelErrors, labelErrorCount } = assessment;
    expect(new Set(pictures.map(({ name }) => name)).size).toBe(pictures.length);
    expect(pictures.length).toBeLessThanOrEqual(72);
    expect(labelErrors.length).toBe(Math.min(24, labelErrorCount));
    for (const { name, labels: own, answers, thumbnail } of pictures) {
      const i = indexOf(name);
      expect(own).toEqual([labels[i]]);
      expect(answers.map(({ map }) => map !== undefined)).toEqual([true, true, false]);
      expect(answers[1]?.top[0]?.class).toBe(argmax(of(winner, i)));
      expect(answers[1]?.top[0]?.probability).toBeCloseTo(Math.max(...of(winner, i)), 6);
      expect(thumbnail).toMatch(/^data:image\/jpeg;base64,/);
    }
    const map = Buffer.from(pictures[0]?.answers[0]?.map?.split(',')[1] ?? '', 'base64');
    expect(await sharp(map).metadata()).toMatchObject({ format: 'png', width: 4, height: 4, hasAlpha: true });
  });
});

describe('the assessment of images with any number of classes', () => {
  const winner = of(logits, 1).map((row) => row.map(sigmoid));
  const has = (i: number, c: number) => targets[i * CLASSES + c] === 1;
  let assessment: Assessment;
  beforeAll(async () => {
    assessment = await assess(optionsOf('multi-label'));
  });

  it('has no confusion, and counts decisions at the threshold', () => {
    expect(assessmentSchema.parse(JSON.parse(JSON.stringify(assessment)))).toEqual(assessment);
    const { confusion, perClass, calibration } = of(assessment.subjects, 1);
    expect([confusion, assessment.confused]).toEqual([[], []]);
    for (const [c, { support, recall }] of perClass.entries()) {
      const own = [...labels.keys()].filter((i) => has(i, c));
      const found = own.filter((i) => (winner[i]?.[c] ?? 0) >= 0.4);
      expect([support, recall]).toEqual([own.length, found.length / own.length]);
    }
    expect(calibration.bins.reduce((sum, { count }) => sum + count, 0)).toBe(IMAGES * CLASSES);
  });

  it('lists wrong decisions, the surest first, and suggests classes that are missing', () => {
    const sureness = (i: number) =>
      Math.max(...of(winner, i).map((p, c) => (p >= 0.4 === has(i, c) ? 0 : has(i, c) ? 1 - p : p)));
    const worst = imagesIn(assessment, assessment.worst);
    expect(worst.length).toBe(24);
    expect(falls(worst.map(sureness))).toBe(true);
    expect(sureness(of(worst, 0))).toBe(Math.max(...labels.map((_, i) => sureness(i))));
    for (const { picture, suggested } of assessment.labelErrors) {
      const i = indexOf(of(assessment.pictures, picture).name);
      expect(has(i, suggested)).toBe(false);
      expect(sigmoid(of(of(of(logits, 0), i), suggested))).toBeGreaterThanOrEqual(0.6);
    }
    expect(assessment.labelErrorCount).toBeGreaterThan(0);
  });
});
