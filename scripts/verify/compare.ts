import { type Tensor, toNumbers } from '../../src/onnx/tensor.js';
import { present } from '../../src/util/error.js';
import { EVALUATION, type Golden } from './golden.js';
import { finalOf, gradientOf, logitsName } from './golden-names.js';
import { Comparison, type Quantity } from './quantity.js';
import type { Run } from './run.js';
import { expectedTeachers } from './teachers.js';
import type { Tolerances } from './tolerances.js';

/**
 * Compares a run with everything that a golden file holds.
 *
 * @param excluded - Parameters and running statistics whose final values aren't compared.
 */
export function compareRun(
  golden: Golden,
  run: Run,
  tolerances: Tolerances,
  excluded: ReadonlySet<string> = new Set(),
): Quantity[] {
  return [
    compareLosses(golden, run, tolerances),
    compareLogits(golden, run, tolerances),
    compareGradients(golden, run, tolerances),
    compareTeachers(golden, run, tolerances),
    compareFinal(golden, run, tolerances, excluded),
    compareEvaluation(golden, run, tolerances),
  ].flat();
}

function compareLosses({ settings: { loss, log } }: Golden, { steps }: Run, tolerances: Tolerances): Quantity[] {
  const names = ['ce', 'kl', 'feature', 'total'] as const;
  return names.flatMap((name) => {
    const comparison = new Comparison(name, tolerances.losses);
    steps.forEach((step, k) => {
      const expected = log ? log[k]?.[name] : name === 'total' && loss ? [loss[k] ?? Number.NaN] : undefined;
      if (expected) comparison.numbers(`step ${k}`, expected, numbersOf(step, name));
    });
    return comparison.quantity();
  });
}

function compareLogits({ tensors }: Golden, { steps }: Run, tolerances: Tolerances): Quantity[] {
  const comparison = new Comparison('logits', tolerances.logits);
  steps.forEach((step, k) => {
    const expected = tensors.get(logitsName(k));
    if (expected) comparison.tensors(`step ${k}`, expected, step.get('net0.logits'));
  });
  return comparison.quantity();
}

function compareGradients({ tensors }: Golden, { steps }: Run, tolerances: Tolerances): Quantity[] {
  const comparison = new Comparison('step-0 gradients', tolerances.gradients);
  for (const [name, expected] of tensors) {
    const parameter = gradientOf(name);
    if (parameter !== undefined) comparison.tensors(name, expected, steps[0]?.get(`${parameter}.grad`));
  }
  return comparison.quantity();
}

function compareTeachers({ settings }: Golden, { steps }: Run, tolerances: Tolerances): Quantity[] {
  const comparison = new Comparison('teachers', tolerances.teachers);
  settings.log?.forEach(({ ce, teacher }, k) => {
    const got = present(steps[k], `step ${k}`);
    const lowest = numbersOf(got, 'ce');
    comparison.numbers(`step ${k}: the lowest ce`, [teacher], [lowest.indexOf(Math.min(...lowest))]);
    const weights = expectedTeachers(ce, settings.rule, settings.top_k).flat();
    comparison.numbers(`step ${k}`, weights, numbersOf(got, 'teachers'));
  });
  return comparison.quantity();
}

function compareFinal(
  { tensors }: Golden,
  { final }: Run,
  tolerances: Tolerances,
  excluded: ReadonlySet<string>,
): Quantity[] {
  const parameters = new Comparison('final parameters', tolerances.final);
  const statistics = new Comparison('final running statistics', tolerances.final);
  for (const [name, expected] of tensors) {
    const parameter = finalOf(name);
    if (parameter === undefined || excluded.has(parameter)) continue;
    const comparison = /running_(mean|var)$/.test(name) ? statistics : parameters;
    comparison.tensors(name, expected, final.get(parameter));
  }
  return [...parameters.quantity(), ...statistics.quantity()];
}

function compareEvaluation({ tensors }: Golden, { evaluation }: Run, tolerances: Tolerances): Quantity[] {
  const comparison = new Comparison('evaluation logits', tolerances.evaluation);
  const expected = tensors.get(EVALUATION);
  if (expected) comparison.tensors('data.x[0]', expected, evaluation);
  return comparison.quantity();
}

function numbersOf(step: ReadonlyMap<string, Tensor>, name: string): number[] {
  return toNumbers(present(step.get(name), name));
}
