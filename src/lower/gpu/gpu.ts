import { portable } from '../portable/portable.js';
import type { Target } from '../target.js';
import * as convolution from './convolution.js';
import * as imported from './imported.js';
import { narrowLabels } from './labels.js';
import * as losses from './losses.js';
import * as masks from './masks.js';
import * as normalisation from './normalisation.js';

/**
 * WebGPU: plain operators that all have kernels there, in as few kernels as may be, as each costs time however small it is. Class
 * indices are int32. Numbers are those of `portable` up to rounding.
 */
export const gpu: Target = {
  name: 'gpu',
  bodies: { ...portable.bodies, ...imported, ...convolution, ...losses, ...masks, ...normalisation },
  prepare: narrowLabels,
  flatState: true,
};
