import type { Target } from '../target.js';
import * as convolution from './convolution.js';
import * as elementwise from './elementwise.js';
import * as normalisation from './normalisation.js';
import * as pooling from './pooling.js';

/** What stands for each semantic operator, by its name. */
export const bodies = { ...convolution, ...elementwise, ...normalisation, ...pooling };

/** Standard ONNX operators only, with kernels on every execution provider (CPU, CUDA, WebGPU). */
export const portable: Target = { name: 'portable', bodies };
