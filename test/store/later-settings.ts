/** Settings that came after the files of version 1 were written, with their defaults. */
const LATER: Readonly<Record<string, unknown>> = {
  from: null,
  pretrained: null,
  sampler: 'shuffle',
  classWeights: 'none',
  freeze: 'none',
  restoreNorms: true,
  fitNorms: false,
  normalisation: 'auto',
  task: 'single-label',
  patience: 0,
  randAugment: null,
  trivialAugment: false,
  colorJitter: null,
  randomErasing: 0,
  mixup: 0,
  cutmix: 0,
  layerDecay: 1,
  headLrFactor: 1,
  normWeightDecay: true,
  clipNorm: null,
  accumulate: 1,
  ema: null,
  unfreezeAt: null,
  views: 1,
  featureCache: 'disk',
  unlabelled: null,
  stepsPerRun: 1,
  place: null,
  peerTimeout: 60,
  allowFallback: false,
  precision: 'float32',
};

/** For `JSON.parse`: leaves out settings that came later and have their defaults. */
export function withoutLater(key: string, value: unknown): unknown {
  return key in LATER && value === LATER[key] ? undefined : value;
}
