import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { EVALUATION, type Golden } from './golden.js';
import { finalOf, gradientOf, logitsName } from './golden-names.js';
import type { Run } from './run.js';

/** The golden file that a run would have written; what the run doesn't have stays as it is. */
export function asGolden(golden: Golden, run: Run): Golden {
  const { loss, log } = golden.settings;
  const settings = {
    ...golden.settings,
    ...(loss && { loss: run.steps.flatMap((step) => numbersOf(step, 'total')) }),
    ...(log && { log: run.steps.map(logOf) }),
  };
  const tensors = [...golden.tensors].map(([name, tensor]) => [name, tensorOf(run, name) ?? tensor] as const);
  return { ...golden, settings, tensors: new Map(tensors) };
}

function tensorOf({ steps, final, evaluation }: Run, name: string): Tensor | undefined {
  if (name === EVALUATION) return evaluation;
  const [gradient, parameter] = [gradientOf(name), finalOf(name)];
  if (gradient !== undefined) return steps[0]?.get(`${gradient}.grad`);
  if (parameter !== undefined) return final.get(parameter);
  return steps.find((_, k) => logitsName(k) === name)?.get('net0.logits');
}

function logOf(step: ReadonlyMap<string, Tensor>) {
  const [ce, kl, feature, total] = ['ce', 'kl', 'feature', 'total'].map((name) => numbersOf(step, name)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  return { ce, kl, feature, total, teacher: ce.indexOf(Math.min(...ce)) };
}

function numbersOf(step: ReadonlyMap<string, Tensor>, name: string): number[] {
  return toNumbers(present(step.get(name), name));
}
