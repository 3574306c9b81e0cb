import * as convolution from './portable/convolution.js';
import * as elementwise from './portable/elementwise.js';
import * as normalisation from './portable/normalisation.js';
import * as pooling from './portable/pooling.js';
import type { Target } from './target.js';

/** Standard ONNX operators only, with kernels on every execution provider (CPU, CUDA, WebGPU). */
export const portable: Target = {
  name: 'portable',
  bodies: { ...convolution, ...elementwise, ...normalisation, ...pooling },
};
