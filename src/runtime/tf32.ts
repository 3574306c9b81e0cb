import type { Environment, Rounding } from './device-kind.js';

/** NVIDIA's libraries read it: with 0 in it they multiply in float32. */
const SWITCH = 'NVIDIA_TF32_OVERRIDE';

const FLOAT32 = { bits: 23, note: `CUDA multiplies in float32: ${SWITCH} is 0 in the environment` };

const TF32 = {
  bits: 10,
  note:
    'CUDA may round what convolutions and matrix products multiply to TF32 (10 bits of mantissa, float32 has 23): NVIDIA cards from ' +
    `Ampere on do so by default; ${SWITCH}=0 in the environment turns it off`,
};

/**
 * How CUDA's libraries round. onnxruntime-node passes no option to the provider that would turn TF32 off; what they do is by NVIDIA's
 * documentation, and was not run here.
 */
export function tf32(env: Environment): Rounding {
  return env[SWITCH]?.trim() === '0' ? FLOAT32 : TF32;
}
