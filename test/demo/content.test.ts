import { describe, expect, it } from 'vitest';
import { checkPageSettings } from '../../src/browser/check-page-settings.js';
import type { Backbone } from '../../src/demo/content/description.js';
import { judgeCount, missingPictures } from '../../src/demo/content/enough.js';
import { classesOfFolders } from '../../src/demo/content/folders.js';
import { History } from '../../src/demo/content/history.js';
import { EFFORTS, planTraining } from '../../src/demo/content/plan.js';
import { leaderText, progressShare, progressText, readyText, whereText } from '../../src/demo/content/said.js';
import type { TrainEvent } from '../../src/events/events.js';
import type { LoggedEvent } from '../../src/pages/data/logged-events.js';
import { parseRequested } from '../../src/settings/settings.js';
import { epochEvent, startEvent, stepEvent } from '../report/events.js';

const BACKBONE: Backbone = {
  network: 'mobilenet_v2',
  weights: 'mobilenetv2_100.ra_in1k',
  file: '/weights/0.safetensors',
  bytes: 14_000_000,
  preprocessing: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1], size: 192, crop: 0.9 },
};

describe('what is said of the number of pictures', () => {
  it.each([
    [0, 'few', '0 pictures. 5 more to begin with.'],
    [1, 'few', '1 picture. 4 more to begin with.'],
    [5, 'some', '5 pictures: it can begin. 20 are better.'],
    [20, 'good', '20 pictures: enough. More different ones are better still.'],
  ])('%i', (count, state, text) => {
    expect(judgeCount(count)).toEqual({ state, text });
  });

  it('names the classes that lack some', () => {
    const classes = [
      { name: 'cat', count: 5 },
      { name: 'dog', count: 2 },
    ];
    expect(missingPictures(classes)).toBe('Each class needs 5 pictures or more: dog (3 more).');
    expect(missingPictures([{ name: 'cat', count: 5 }])).toBeUndefined();
  });
});

describe('a folder of class folders', () => {
  const classes = [
    { id: '1', name: 'dog' },
    { id: '2', name: 'Class 2' },
  ];
  const files = ['x/cat/1.jpg', 'x/cat/2.jpg', 'x/dog/1.jpg', 'x/eel/1.jpg', 'x/fox/1.jpg'].map((name) => ({ name }));
  it('goes to the classes of its names, to empty ones, and to new ones while there is room', () => {
    const { taken, left } = classesOfFolders(files, classes, ({ id }) => id === '2', 3);
    expect(taken.map(({ name, id, files: own }) => [name, id, own.length])).toEqual([
      ['cat', '2', 2],
      ['dog', '1', 1],
      ['eel', undefined, 1],
    ]);
    expect(left).toEqual(['fox']);
  });
});

describe('the plan of a training', () => {
  it.each(EFFORTS)('has settings that a page can train with, for any number of pictures: %s', (effort) => {
    for (const networks of ['small', 'pretrained'] as const) {
      for (const pictures of [10, 11, 40, 75, 2000]) {
        const { settings, weights } = planTraining({ networks, effort, mirrored: true }, pictures, [BACKBONE]);
        const requested = parseRequested(settings);
        expect(() => checkPageSettings(requested)).not.toThrow();
        expect(requested.batchSize as number).toBeLessThanOrEqual((0.8 * pictures) / 2);
        expect(requested.nets).toHaveLength(2);
        expect(weights).toHaveLength(requested.pretrained?.length ?? 0);
      }
    }
  });

  it('lets a network that is alone with its weights compete with itself, prepared as they were trained', () => {
    const { settings, weights } = planTraining({ networks: 'pretrained', effort: 'usual', mirrored: false }, 40, [
      BACKBONE,
    ]);
    expect(settings).toMatchObject({
      nets: ['mobilenet_v2', 'mobilenet_v2'],
      pretrained: [BACKBONE.weights, BACKBONE.weights],
      freeze: 'backbone',
      size: 192,
      crop: 0.9,
      normalisation: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.1] },
    });
    expect(weights).toEqual([BACKBONE.file, BACKBONE.file]);
  });

  it('trains longer where it is asked to', () => {
    const epochs = EFFORTS.map((effort) => planTraining({ networks: 'small', effort, mirrored: false }, 200, []));
    const counts = ['short', 'usual', 'long'].map(
      (effort) => epochs[EFFORTS.indexOf(effort as 'short')]?.settings.epochs ?? 0,
    );
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts).size).toBe(3);
  });
});

const logged = (event: TrainEvent) => JSON.parse(JSON.stringify(event)) as LoggedEvent;
const begin = (more: Parameters<typeof startEvent>[1] = {}) =>
  logged(startEvent({ nets: ['resnet8', 'resnet14'] }, more));
const step = (epoch: number, at: number, ce: readonly number[]) => logged(stepEvent(epoch, at, ce));

describe('what a training has told', () => {
  const told = [
    begin(),
    ...[0, 1, 2, 3].map((at) => step(0, at, [0.5, 0.9])),
    logged(epochEvent(0, [0.75, 0.5])),
    step(1, 0, [0.9, 0.5]),
    step(1, 1, [0.9, 0.5]),
  ];

  it('is shown as a report shows it', () => {
    const history = new History(told);
    const view = history.view(2);
    expect(view?.networks.map(({ label }) => label)).toEqual(['resnet8', 'resnet14']);
    expect(view?.progress).toEqual({ epochs: 1, of: 2, steps: 6 });
    // In four of six steps the first one was the best, and taught
    expect(view?.teaching?.total.won).toEqual([0.6667, 0.3333]);
    expect(history.recentTeachers.map((share) => share.toFixed(4))).toEqual(['0.6667', '0.3333']);
    expect(progressText(history, 2)).toBe('epoch 2 of 2, step 2 of 4');
    expect(progressShare(history, 2)).toBe(0.75);
    expect(leaderText(history, 2)).toBe('Best so far: resnet8, 75 % of the held-out pictures right.');
  });

  it('goes on where it was saved: what came after that comes again', () => {
    const history = new History(told);
    history.add(begin({ resumedAt: { epoch: 1, step: 1 } }));
    expect(history.view(2)?.progress.steps).toBe(5);
    history.add(step(1, 1, [0.1, 0.2]));
    expect(history.view(2)?.teaching?.total.won).toEqual([0.8333, 0.1667]);
    expect(history.view(2)?.epochs).toHaveLength(1);
  });

  it('begins anew where nothing was saved', () => {
    const history = new History(told);
    history.add(begin());
    expect(history.view(2)?.progress).toEqual({ epochs: 0, of: 2, steps: 0 });
    expect(history.last).toBeUndefined();
  });

  it('is nothing before it begins', () => {
    const history = new History();
    expect(history.view(2)).toBeUndefined();
    expect([progressText(history, 2), progressShare(history, 2), leaderText(history, 2)]).toEqual(['beginning', 0, '']);
  });
});

describe('what the page says', () => {
  it('counts', () => {
    expect(readyText([5, 6])).toBe('Ready: 11 pictures of 2 classes.');
    const wasm = 'ONNX Runtime WebAssembly, on the processor';
    expect(whereText({ provider: 'wasm', threads: 4 }, true)).toBe(`${wasm}, 4 threads`);
    expect(whereText({ provider: 'wasm', threads: 1 }, true)).toBe(`${wasm}, one thread`);
    expect(whereText({ provider: 'wasm', threads: 1 }, false)).toContain('over https');
    expect(whereText({ provider: 'webgpu', threads: 1 }, true)).toBe('ONNX Runtime WebGPU, on the graphics card');
  });
});
