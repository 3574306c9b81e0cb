import { betterBatchSize } from '../settings/batch-size.js';
import type { DataFacts } from './facts.js';
import type { Choices, Chosen, Recipe } from './recipe.js';

/** Fewer training images than that are few: augmented views of them are worth their time. */
const FEW = 500;
/** Random crops for fine-tuning: between about a third of an image and all of it. */
const WIDE_CROPS = {
  randomResizedCrop: { scale: [0.35, 1], ratio: [3 / 4, 4 / 3] },
  padCrop: 0,
  flip: true,
  rotation: 0,
};
/** Epochs on features before other layers join in. */
const HEAD_EPOCHS = 5;

/** A new head on a frozen backbone: images pass the backbone once, then an epoch takes a fraction of a second. */
export function headOnly(facts: DataFacts): Recipe {
  const few = facts.images < FEW;
  const many = `${facts.images} training images`;
  return {
    summary: `${describe(facts)}: a new last layer is trained on features that the pretrained network computes once`,
    choices: {
      freeze: { value: 'backbone', why: 'features are computed once, so that training takes seconds' },
      views: few ? { value: 4, why: `augmented views make more of ${many}` } : { value: 1, why: many },
      batchSize: { value: batchSizeFor(facts, few ? 32 : 64), why: many },
      epochs: { value: 20, why: 'an epoch on features takes a fraction of a second' },
      optimizer: { value: { name: 'adamw', lr: few ? 0.003 : 0.001, weightDecay: 0.01 }, why: 'for a new last layer' },
      schedule: { value: { name: 'cosine', min: 0 }, why: 'ends with small steps' },
    },
    hint: '--freeze none fine-tunes the whole network as well, which takes minutes in place of seconds',
  };
}

/** The new head first, on features, unless steps need images; then all layers, at rates that leave what the weights know. */
export function fineTuning(facts: DataFacts, { onImages, epochs: wanted }: Chosen): Recipe {
  const many = `${facts.images} training images`;
  const heads = onImages ? 0 : wanted === undefined ? HEAD_EPOCHS : Math.min(HEAD_EPOCHS, Math.floor(wanted / 3));
  const whole =
    heads > 0 ? 'the new last layer is trained first, then the whole network' : 'the whole network is fine-tuned';
  return {
    summary: `${describe(facts)}: ${whole}`,
    choices: {
      ...(heads > 0 && {
        unfreezeAt: { value: heads, why: 'a random last layer would spoil what the other layers know' },
      }),
      batchSize: { value: batchSizeFor(facts, 32), why: many },
      epochs: { value: heads + epochsFor(facts, 12_000, [4, 8]), why: many },
      fitNorms: {
        value: true,
        why: 'training begins with what the weights do, also on images unlike those of ImageNet',
      },
      augmentation: { value: WIDE_CROPS, why: 'smaller parts of a photograph may not show what it is of' },
      labelSmoothing: { value: 0.1, why: 'few images are soon learned by heart' },
      optimizer: {
        value: { name: 'adamw', lr: 2e-4, weightDecay: 0.05 },
        why: 'larger rates destroy what the weights know',
      },
      headLrFactor: { value: 10, why: 'the last layer is new' },
      normWeightDecay: { value: false, why: 'as is usual in fine-tuning' },
      ema: { value: facts.images < FEW ? 0.9 : 0.99, why: 'averaged weights validate better with few images' },
      schedule: { value: { name: 'cosine', min: 0 }, why: 'ends with small steps' },
    },
  };
}

/** No weights: networks for photographs at rates for small batches. */
export function fromScratch(facts: DataFacts, { nets, size }: Chosen): Recipe {
  const many = `${facts.images} training images`;
  const networks: Choices = nets
    ? {}
    : { nets: { value: ['mobilenet_v2', 'resnet18'], why: 'networks for photographs, which teach each other' } };
  const small: Choices =
    size === undefined ? { size: { value: 128, why: 'larger images take longer to learn from' } } : {};
  return {
    summary: `${describe(facts)} and no pretrained weights: training begins with random weights`,
    choices: {
      ...networks,
      ...small,
      batchSize: { value: batchSizeFor(facts, 32), why: many },
      epochs: { value: epochsFor(facts, 10_000, [10, 50]), why: many },
      optimizer: { value: { name: 'sgd', lr: 0.05 }, why: 'the usual 0.1 is for batches of 128' },
      warmupEpochs: { value: 1, why: 'random weights need small steps at first' },
    },
    hint: '--pretrained auto fetches weights that were trained on ImageNet: with so few images they reach far more, in seconds',
  };
}

function describe({ images, classes }: DataFacts): string {
  return `${images.toLocaleString('en-US')} photographs of ${classes} classes`;
}

/** At most so many images a step, four steps an epoch at least, and as few images left out of an epoch as can be. */
function batchSizeFor({ images }: DataFacts, most: number): number {
  return betterBatchSize(Math.max(2, Math.min(most, Math.floor(images / 4))), images);
}

/** Epochs in which about so many images are seen. */
function epochsFor({ images }: DataFacts, seen: number, [fewest, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(fewest, Math.round(seen / images)));
}
