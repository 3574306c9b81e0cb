import type { SettingsInput } from '../../settings/settings.js';
import type { Backbone } from './description.js';

/** What the user chooses. */
export interface TrainingChoice {
  /** Networks that know many things already, or small ones that know nothing. */
  readonly networks: 'pretrained' | 'small';
  readonly effort: Effort;
  /** Whether a mirrored picture shows the same thing. */
  readonly mirrored: boolean;
}
export const EFFORTS = ['short', 'usual', 'long'] as const;
export type Effort = (typeof EFFORTS)[number];

/** How networks are going to be trained. */
export interface TrainingPlan {
  readonly settings: SettingsInput;
  /** Where the server has the weights: of each network, or none. */
  readonly weights: readonly string[];
}

/** Two that are soon trained, and different enough to win by turns. */
const SMALL = ['resnet8', 'resnet14'];
const SMALL_SIZE = 48;
const MOST_BATCH = 16;
/** Steps of a training: small networks begin with nothing, others have a last layer to learn. */
const STEPS: Readonly<Record<TrainingChoice['networks'], Readonly<Record<Effort, number>>>> = {
  small: { short: 100, usual: 300, long: 900 },
  pretrained: { short: 60, usual: 150, long: 500 },
};
const [FEWEST_EPOCHS, MOST_EPOCHS] = [4, 100];
/** Of each picture, as it is and in parts: what a frozen network makes of them is computed once. */
const VIEWS = 3;
/** Of the pictures of each class. */
const VALIDATION = 0.2;

/** Parts of pictures that still show what they are of. */
const CROPS = { scale: [0.6, 1], ratio: [4 / 5, 5 / 4] } satisfies { scale: [number, number]; ratio: [number, number] };

/** The settings for so many pictures in all. */
export function planTraining(choice: TrainingChoice, pictures: number, backbones: readonly Backbone[]): TrainingPlan {
  const trained = Math.max(2, Math.round(pictures * (1 - VALIDATION)));
  const batchSize = Math.max(2, Math.min(MOST_BATCH, Math.floor(trained / 2)));
  const steps = STEPS[choice.networks][choice.effort];
  const epochs = Math.round(steps / Math.max(1, Math.floor(trained / batchSize)));
  const common: SettingsInput = {
    batchSize,
    epochs: Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, epochs)),
    validation: VALIDATION,
    channels: 3,
    augmentation: { randomResizedCrop: CROPS, padCrop: 0, flip: choice.mirrored, rotation: 0 },
    tune: false,
  };
  return choice.networks === 'small' ? smallPlan(common) : pretrainedPlan(common, backbones);
}

function smallPlan(common: SettingsInput): TrainingPlan {
  const settings: SettingsInput = {
    ...common,
    nets: [...SMALL],
    size: SMALL_SIZE,
    optimizer: { name: 'adamw', lr: 0.003, weightDecay: 0.01 },
  };
  return { settings, weights: [] };
}

/** A new last layer on each network; one that is alone competes with itself, as the last layers begin differently. */
function pretrainedPlan(common: SettingsInput, backbones: readonly Backbone[]): TrainingPlan {
  const [first, second = first] = backbones;
  if (!first || !second) throw new Error('internal error: no weights to begin with');
  const { mean, std, size = 224, crop } = first.preprocessing ?? {};
  const settings: SettingsInput = {
    ...common,
    nets: [first.network, second.network],
    pretrained: [first.weights, second.weights],
    freeze: 'backbone',
    featureCache: 'memory',
    views: VIEWS,
    size,
    ...(crop !== undefined && { crop }),
    normalisation: mean && std ? { mean: [...mean], std: [...std] } : 'imagenet',
    optimizer: { name: 'adamw', lr: 0.003, weightDecay: 0.01 },
  };
  return { settings, weights: [first.file, second.file] };
}
