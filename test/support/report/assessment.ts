import { deflateSync } from 'node:zlib';
import type { Evaluation } from '../../../src/events/evaluation.js';
import type { AssessedPicture, AssessedSubject, Assessment } from '../../../src/store/assessment.js';

/** Names that are harmful where they aren't escaped, and long ones. */
export const HOSTILE_NAMES: readonly string[] = [
  '<script>alert(1)</script>',
  `"onmouseover="alert(1)" x='`,
  '</script><img src=x onerror=alert(1)>',
  '\u202eevil.gpj \u2066right to left',
  'שלום עולם',
  'a&amp;b & <b>c</b>',
  'x'.repeat(200),
  'https://example.com/tracker.png',
];

/** What a made-up assessment is like. */
export interface AssessmentShape {
  readonly classes: number;
  readonly networks?: number;
  readonly images?: number;
  /** Of an image, that it is recognised. */
  readonly accuracy?: number;
  readonly hostile?: boolean;
  readonly task?: Assessment['task'];
}

/** An assessment as a run would leave it, of made-up answers that go together: the same for the same shape. */
export function madeUpAssessment(shape: AssessmentShape): Assessment {
  const { classes, networks = 2, images = classes * 20, hostile = false, task = 'single-label' } = shape;
  const names = Array.from({ length: classes }, (_, i) => (hostile && HOSTILE_NAMES[i]) || `class ${i}`);
  const random = dice(classes + networks);
  const labels = Array.from({ length: images }, (_, i) => i % classes);
  const count = networks > 1 ? networks + 1 : 1;
  const answers = Array.from({ length: count }, (_, s) => labels.map((label) => answerOf(label, s, shape, random)));
  const subjects = answers.map((own, s) => subjectOf(own, labels, s, shape));
  const wrong = labels.flatMap((label, i) => (answers[0]?.[i]?.said === label ? [] : [i]));
  const shown = [...wrong.slice(0, 24), ...labels.keys()]
    .filter((each, i, all) => all.indexOf(each) === i)
    .slice(0, 36);
  const pictures = shown.map((image, i): AssessedPicture => {
    const label = labels[image] as number;
    const name = hostile ? (HOSTILE_NAMES[i % HOSTILE_NAMES.length] as string) : `test/${names[label]}/${image}.jpg`;
    return {
      name,
      labels: [label],
      thumbnail: picture(random),
      answers: answers.map((own) => topOf(own[image], classes)),
    };
  });
  const cells = new Map<string, number[]>();
  for (const [i, image] of shown.entries()) {
    const key = `${labels[image]} ${answers[0]?.[image]?.said}`;
    if (labels[image] !== answers[0]?.[image]?.said) cells.set(key, [...(cells.get(key) ?? []), i]);
  }
  return {
    split: 'test',
    epoch: 3,
    images,
    task,
    classes: names,
    winner: 0,
    subjects,
    pictures,
    worst: [0, 1, 2, 3].filter((i) => i < wrong.length),
    uncertain: pictures.map((_, i) => i).slice(-4),
    labelErrors: shown.slice(0, Math.min(3, wrong.length)).map((image, picture) => {
      return { picture, suggested: answers[0]?.[image]?.said ?? 0, probability: 0.97, given: 0.01, agreeing: networks };
    }),
    labelErrorCount: Math.min(5, wrong.length),
    confused: [...cells].map(([key, own]) => {
      const [label = 0, said = 0] = key.split(' ').map(Number);
      return { class: label, said, pictures: own };
    }),
  };
}

interface Said {
  readonly said: number;
  readonly probability: number;
}

/** Right with the given probability; wrong answers are mostly the neighbour in a group of three classes. */
function answerOf(
  label: number,
  subject: number,
  { classes, accuracy = 0.8 }: AssessmentShape,
  random: () => number,
): Said {
  const probability = 1 / classes + (1 - 1 / classes) * (0.4 + 0.6 * random());
  if (random() < accuracy - 0.02 * subject) return { said: label, probability };
  const first = label - (label % 3);
  const near = Math.min(classes - 1, first + Math.floor(3 * random()));
  const said = random() < 0.8 ? near : Math.floor(classes * random());
  return { said: said === label ? (label + 1) % classes : said, probability };
}

function topOf(answer: Said | undefined, classes: number): AssessedPicture['answers'][number] {
  const { said, probability } = answer as Said;
  const others = Array.from({ length: Math.min(4, classes - 1) }, (_, i) => (said + 1 + i) % classes);
  const top = [
    { class: said, probability },
    ...others.map((each) => ({ class: each, probability: (1 - probability) / classes })),
  ];
  return { top, map: heat() };
}

function subjectOf(
  answers: readonly Said[],
  labels: readonly number[],
  s: number,
  shape: AssessmentShape,
): AssessedSubject {
  const { classes, networks = 2, task = 'single-label' } = shape;
  const cells = new Map<string, number>();
  for (const [i, { said }] of answers.entries()) {
    const key = `${labels[i]} ${said}`;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  const confusion = [...cells].map(([key, count]): [number, number, number] => {
    const [label = 0, said = 0] = key.split(' ').map(Number);
    return [label, said, count];
  });
  const bins = binsOf(answers, labels);
  const right = answers.filter(({ said }, i) => said === labels[i]).length;
  const ece = bins.reduce((sum, { count, confidence, accuracy }) => {
    return sum + (count / answers.length) * Math.abs((confidence ?? 0) - (accuracy ?? 0));
  }, 0);
  const isEnsemble = s === networks;
  const multi = { map: 0.8, threshold: 0.5, microF1: 0.75, macroF1: 0.7 };
  const evaluation: Evaluation = {
    loss: 0.7,
    accuracy: right / answers.length,
    ...(task === 'multi-label' ? multi : { top5: Math.min(1, right / answers.length + 0.1), ece }),
  };
  return {
    label: isEnsemble ? 'ensemble' : networks > 1 ? `resnet8 #${s}` : 'resnet8',
    ...(!isEnsemble && { network: s }),
    evaluation,
    confusion: task === 'multi-label' ? [] : confusion,
    perClass: Array.from({ length: classes }, (_, c) => scoresOf(c, confusion)),
    calibration: { bins, ece, temperature: 1.4, scaled: { loss: 0.65, ece: ece / 3, bins } },
  };
}

function scoresOf(c: number, confusion: AssessedSubject['confusion']): AssessedSubject['perClass'][number] {
  const sum = (of: (cell: readonly [number, number, number]) => boolean) => {
    return confusion.filter(of).reduce((total, [, , count]) => total + count, 0);
  };
  const [support, said, right] = [sum(([a]) => a === c), sum(([, b]) => b === c), sum(([a, b]) => a === c && b === c)];
  const f1 = support + said === 0 ? null : (2 * right) / (support + said);
  return { support, precision: said === 0 ? null : right / said, recall: support === 0 ? null : right / support, f1 };
}

function binsOf(answers: readonly Said[], labels: readonly number[]): AssessedSubject['calibration']['bins'] {
  return Array.from({ length: 15 }, (_, b) => {
    const inBin = answers.flatMap(({ said, probability }, i) => {
      return Math.min(14, Math.floor(15 * probability)) === b
        ? [{ probability, right: said === labels[i] ? 1 : 0 }]
        : [];
    });
    const mean = (of: (each: (typeof inBin)[number]) => number) => {
      return inBin.length === 0 ? null : inBin.reduce((sum, each) => sum + of(each), 0) / inBin.length;
    };
    const [confidence, accuracy] = [mean((each) => each.probability), mean(({ right }) => right)];
    return { lower: b / 15, upper: (b + 1) / 15, count: inBin.length, confidence, accuracy };
  });
}

/** A generator of numbers in [0, 1), the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A small PNG of random colours as a data address. */
function picture(random: () => number): string {
  const [r, g, b] = [random(), random(), random()].map((each) => 60 + 180 * each);
  return png(24, (x, y) => [
    r as number,
    (g as number) * (0.6 + (0.4 * x) / 24),
    (b as number) * (0.6 + (0.4 * y) / 24),
    255,
  ]);
}

/** A map that is warm in the middle. */
function heat(): string {
  return png(8, (x, y) => [255, 80, 0, Math.max(0, 180 - 40 * Math.hypot(x - 3.5, y - 3.5))]);
}

function png(size: number, colour: (x: number, y: number) => readonly number[]): string {
  const rows = Array.from({ length: size }, (_, y) => [
    0,
    ...Array.from({ length: size }, (_, x) => colour(x, y)).flat(),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6], 8);
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ];
  const bytes = Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...chunks]);
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(content.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(content, 4);
  out.writeUInt32BE(crc32(content), content.length + 4);
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
