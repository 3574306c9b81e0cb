import { expect, it } from 'vitest';
import type { Assessment } from '../../src/store/assessment.js';
import { graphNodes } from '../../src/tensorboard/graph-nodes.js';
import { mistakePictures } from '../../src/tensorboard/mistakes.js';
import { png } from '../data/helpers.js';

it('a graph has inputs, weights and nodes, whose inputs are names of nodes', () => {
  const initializer = ['layer1.0.weight', 'b'].map((name) => ({ name, dims: [1], dataType: 1 }));
  const nodes = graphNodes({
    input: [{ name: 'x' }, { name: 'b' }] as never,
    initializer: initializer as never,
    node: [
      { name: 'layer1.0/Conv', opType: 'Conv', input: ['x', 'layer1.0.weight', ''], output: ['y'] },
      { name: 'layer1.0/Conv', opType: 'Split', input: ['y'], output: ['a', 'c'] },
      { name: '', opType: 'Add', input: ['a', 'c'], output: ['z z'] },
    ] as never,
  });
  expect(nodes).toEqual([
    { name: 'x', op: 'Placeholder', input: [] },
    { name: 'layer1/0/weight', op: 'Const', input: [] },
    { name: 'b', op: 'Const', input: [] },
    { name: 'layer1/0/Conv', op: 'Conv', input: ['x', 'layer1/0/weight'] },
    { name: 'layer1/0/Conv_1', op: 'Split', input: ['layer1/0/Conv'] },
    { name: 'z_z', op: 'Add', input: ['layer1/0/Conv_1', 'layer1/0/Conv_1:1'] },
  ]);
});

it('mistakes are pictures with what they are and what they were taken for', async () => {
  const bytes = await png(5, 7, 1);
  const picture = {
    name: 'train/<b>_1*.png',
    labels: [0],
    thumbnail: `data:image/png;base64,${bytes.toString('base64')}`,
    answers: [{ top: [{ class: 1, probability: 0.974 }] }, { top: [{ class: 0, probability: 0.5 }] }],
  };
  const assessment = {
    classes: ['ants', 'bees'],
    winner: 0,
    pictures: [picture, { ...picture, thumbnail: 'data:image/png;base64,AAAA' }],
    worst: [0, 1],
    labelErrors: [{ picture: 0, suggested: 1, probability: 0.9, given: 0.1, agreeing: 2 }],
  } as unknown as Assessment;
  const pictures = await mistakePictures(assessment);
  // What can't be decoded is left out
  expect(pictures.map(({ tag }) => tag)).toEqual(['mistakes/01', 'label_errors/01']);
  expect(pictures[0]?.metadata?.summaryDescription).toBe('train/\\<b\\>\\_1\\*.png: ants; said: bees 97 %');
  expect(Buffer.compare(Buffer.from(pictures[0]?.image?.encodedImageString ?? []), bytes)).toBe(0);
  expect([pictures[0]?.image?.width, pictures[0]?.image?.height].sort()).toEqual([5, 7]);
});
