import { existsSync, readFileSync } from 'node:fs';
import { tensor } from '../../../src/onnx/tensor.js';
import { hasOrtTraining } from '../../../src/ort-training/session/library.js';

/** Microsoft's test data of on-device training: an MLP 784-500-10. */
export const OFFICIAL = '../shared/data/ort-training-artifacts/microsoft-onnxruntime';
export const hasOfficial = existsSync(OFFICIAL);
export const hasPackage = hasOrtTraining();

/** Their two images, as the 784 numbers that they are fed as. */
export function officialImages(): Float32Array {
  // `name`, then a list in brackets
  const list = readFileSync(`${OFFICIAL}/input-0.in`, 'utf8').split('\n').slice(1).join('');
  return Float32Array.from(JSON.parse(list) as number[]);
}

export const officialLabels = () => tensor('int64', [2], BigInt64Array.from([1n, 1n]));

/** A loss before or after one step of AdamW. */
export const officialLoss = (name: 'loss_1.out' | 'loss_2.out') =>
  Number(readFileSync(`${OFFICIAL}/${name}`, 'utf8').trim().split('\n')[1]);

/** Their adamw.onnx, with the learning rate that the session always has. */
export const OFFICIAL_ADAMW = {
  name: 'adamw',
  variant: 'huggingface',
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-6,
  weightDecay: 0,
} as const;
