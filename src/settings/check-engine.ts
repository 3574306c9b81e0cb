import { STEP_DEFAULTS, STEP_KEYS, type StepSettings } from '../distill/step-schema.js';
import { competes } from '../distill/teachers.js';
import { type ErrorDetail, fail } from '../util/error.js';
import { sameValue } from '../util/formats/same-value.js';
import type { RequestedSettings } from './settings.js';

/** Settings of a step that it trains by, that it has no use for without the feature loss, or that are checked by themselves. */
const HANDLED: ReadonlySet<keyof StepSettings> = new Set([
  ...(['rule', 'topK', 'alpha', 'temperature', 'teacher', 'labelSmoothing', 'optimizer'] as const),
  ...(['beta', 'featureReduction', 'featureProjection'] as const),
]);

/** Fails for settings that the engine `ort-training` has nothing for. */
export function checkOrtTrainingSettings(settings: RequestedSettings): void {
  const { nets, optimizer, beta, inputPerturbation, parameterPerturbation, teacher, temperature, device } = settings;
  const { unfreezeAt, unlabelled, stepsPerRun, place } = settings;
  const refuse = (setting: string, detail: ErrorDetail) =>
    fail('settings', `${setting} with the engine ort-training`, detail);
  if (optimizer.name === 'sgd' && optimizer.momentum !== 0) {
    refuse('optimizer.momentum', {
      expected: '0, as its SGD has none',
      got: String(optimizer.momentum),
      hint: 'Use --momentum 0, or --optimizer adamw',
    });
  }
  if (beta !== 0) {
    refuse('beta', { expected: '0, as it has no feature loss', got: String(beta), hint: 'Use --beta 0' });
  }
  const own = STEP_KEYS.filter((key) => !HANDLED.has(key));
  const chosen = own.find((key) => !sameValue(settings[key], STEP_DEFAULTS[key]));
  if (chosen !== undefined) {
    const usual = JSON.stringify(STEP_DEFAULTS[chosen]);
    refuse(chosen, { expected: `${usual}, as it has nothing for it`, got: JSON.stringify(settings[chosen]) });
  }
  if (settings.batchSize === 'auto') {
    refuse('batchSize', {
      expected: 'a number, as its memory is not known',
      got: '"auto"',
      hint: 'Use --batch-size 32',
    });
  }
  if (settings.schedule.name === 'plateau') {
    refuse('schedule', {
      expected: 'another, as its rates are settled before the first step',
      got: 'plateau',
      hint: 'Use --schedule cosine, or --engine agon',
    });
  }
  if (settings.classWeights !== 'none') {
    refuse('classWeights', {
      expected: '"none", as its cross-entropy has no weights',
      got: JSON.stringify(settings.classWeights),
      hint: 'Use --class-weights none',
    });
  }
  if (inputPerturbation) {
    refuse('inputPerturbation', {
      expected: 'none, as its networks share a batch',
      got: inputPerturbation.pool,
      hint: 'Use --perturb-input none',
    });
  }
  for (const key of ['mixup', 'cutmix'] as const) {
    if (settings[key] === 0) continue;
    refuse(key, {
      expected: '0, as its labels are one class an image',
      got: String(settings[key]),
      hint: 'Leave it out',
    });
  }
  if (unlabelled !== null) {
    refuse('unlabelled', {
      expected: 'none, as every row of its batches has a label',
      got: unlabelled,
      hint: 'Leave --unlabelled out, or use --engine agon',
    });
  }
  if (stepsPerRun > 1) {
    refuse('stepsPerRun', {
      expected: '1, as its sessions run step by step',
      got: String(stepsPerRun),
      hint: 'Leave --steps-per-run out',
    });
  }
  if (unfreezeAt !== null) {
    refuse('unfreezeAt', {
      expected: 'none, as its sessions train the same layers throughout',
      got: String(unfreezeAt),
      hint: 'Leave --unfreeze-at out',
    });
  }
  if (parameterPerturbation && optimizer.name === 'adamw') {
    refuse('parameterPerturbation', {
      expected: "SGD, as AdamW's moments can't be rolled back",
      got: optimizer.name,
      hint: 'Use --optimizer sgd --momentum 0, or leave it out',
    });
  }
  if (teacher && teacher.temperature !== temperature && competes(nets.length, settings)) {
    refuse('teacher.temperature', {
      expected: `the temperature of the competition (${temperature})`,
      got: String(teacher.temperature),
      hint: `Use --teacher-temperature ${temperature}, or --temperature ${teacher.temperature}`,
    });
  }
  if (place !== null) {
    refuse('place', {
      expected: 'none, as its sessions are all on the processor',
      got: JSON.stringify(place),
      hint: 'Leave --place out, or use --engine agon',
    });
  }
  if (device.trim().toLowerCase() !== 'cpu')
    refuse('device', { expected: 'cpu', got: device, hint: 'Use --device cpu' });
}

/** Fails for a run whose optimizer's state no checkpoint has. */
export function checkResumable({ engine, optimizer }: RequestedSettings): void {
  if (engine !== 'ort-training' || optimizer.name !== 'adamw') return;
  fail('resume', "the engine ort-training can't go on with AdamW, whose moments its session doesn't give away", {
    hint: 'Start a new run, with --engine agon or --optimizer sgd --momentum 0 if it is to be resumed',
  });
}
