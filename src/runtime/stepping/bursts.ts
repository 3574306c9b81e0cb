import type { Tensor } from '../../onnx/tensor.js';
import type { Burst, StepRunner } from '../step-runner.js';

/** Begins a burst of a runner: its own, or one whose steps run one after the other. */
export function beginBurst(runner: StepRunner): Burst {
  return runner.burst?.() ?? oneAfterTheOther(runner);
}

function oneAfterTheOther(runner: StepRunner): Burst {
  const outputs: Map<string, Tensor>[] = [];
  return {
    add: async (feeds) => void outputs.push(await runner.step(feeds)),
    end: async () => outputs,
  };
}
