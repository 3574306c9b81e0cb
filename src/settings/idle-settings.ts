import { isDeepStrictEqual } from 'node:util';
import { matesOf } from '../distill/mutation.js';
import type { Graph } from '../graph/graph.js';
import { hasModels } from '../nets/model-file.js';
import { whyOnHost } from './augmentation.js';
import { idleFeatureSettings } from './check-features.js';
import { PRESETS } from './presets.js';
import { parseSettings, type Settings } from './settings.js';

/** The run that settings are for. */
export interface IdleContext {
  readonly graphs: readonly Graph[];
  readonly totalSteps: number;
  /** Whether the data set has a validation split itself. */
  readonly ownValidation: boolean;
}

/** A message for each setting that has no effect in this run, if it was chosen (it isn't the default's or the preset's) or can't work. */
export function idleSettings(settings: Settings, { graphs, totalSteps, ownValidation }: IdleContext): string[] {
  const holdsOut = ownValidation || settings.validation > 0;
  return [
    ...idleLessons(settings).flatMap(([key, why]) =>
      isChosen(settings, key) ? [`${key} ${settings[key]} has no effect: ${why}`] : [],
    ),
    ...idlePerturbations(settings, graphs, totalSteps),
    ...idleSchedule(settings),
    ...idleFeatureSettings(settings),
    ...frozenAtRandom(settings),
    ...idlePatience(settings, holdsOut),
    ...idlePreparation(settings),
    ...idleJitter(settings, graphs),
    ...idleTuning(settings, graphs, totalSteps, holdsOut),
    ...(ownValidation && settings.validation !== parseSettings({}).validation
      ? [
          `validation ${settings.validation} has no effect: the data set has a validation split of its own, which is used`,
        ]
      : []),
  ];
}

type LessonKey = 'topK' | 'alpha' | 'beta' | 'temperature' | 'featureReduction' | 'featureProjection';

/** What of the lessons is of no use, and why. */
function idleLessons({ nets, rule, alpha, beta }: Settings): (readonly [LessonKey, string])[] {
  const nobody = nets.length === 1 ? 'a network alone' : rule === 'none' ? 'the rule none' : undefined;
  const idleKeys = (keys: readonly LessonKey[], why: string) => keys.map((key) => [key, why] as const);
  if (nobody)
    return idleKeys(['topK', 'alpha', 'beta', 'temperature', 'featureProjection'], `nobody teaches with ${nobody}`);
  return [
    ...idleKeys(rule === 'top-k' ? [] : ['topK'], `the rule is ${rule}`),
    ...idleKeys(alpha === 0 ? ['temperature'] : [], 'alpha is 0'),
    ...idleKeys(beta === 0 ? ['featureReduction', 'featureProjection'] : [], 'beta is 0: features are not compared'),
  ];
}

/** A weight of 0 says itself that it does nothing. */
function isChosen({ preset, ...settings }: Settings, key: LessonKey): boolean {
  const stated = preset === null ? undefined : (PRESETS[preset] as Readonly<Record<string, { value: unknown }>>)[key];
  const usual = stated ? stated.value : parseSettings({})[key];
  return settings[key] !== 0 && !isDeepStrictEqual(settings[key], usual);
}

function idlePerturbations(
  { inputPerturbation, parameterPerturbation }: Settings,
  graphs: readonly Graph[],
  totalSteps: number,
): string[] {
  const never = [
    ['inputPerturbation', inputPerturbation] as const,
    ['parameterPerturbation', parameterPerturbation] as const,
  ].filter(([, section]) => section && 'every' in section.when && section.when.every > totalSteps);
  const messages = never.map(([name]) => `${name}.when.every: it never fires, as the run has ${totalSteps} steps`);
  if (!parameterPerturbation || never.some(([name]) => name === 'parameterPerturbation')) return messages;
  const { window, crossover } = parameterPerturbation;
  if (window > totalSteps) {
    messages.push(
      `parameterPerturbation.window ${window} is longer than the run (${totalSteps} steps): a trial is decided where the run ends`,
    );
  }
  if (crossover > 0 && matesOf(graphs).every((mates) => mates.length === 0)) {
    messages.push(
      `parameterPerturbation.crossover ${crossover} has no effect: no two networks have the same architecture, so all are mutations (--crossover 0)`,
    );
  }
  return messages;
}

function idlePreparation(settings: Settings): string[] {
  const why = whyOnHost(settings);
  return settings.prepareOn === 'device' && why ? [`prepareOn device has no effect: ${why}`] : [];
}

function idlePatience({ patience, epochs }: Settings, validates: boolean): string[] {
  if (patience === 0) return [];
  const idle = `patience ${patience} has no effect`;
  if (!validates) return [`${idle}: nothing is held out (validation 0) to validate on`];
  return patience < epochs - 1 ? [] : [`${idle}: the run has ${formatEpochs(epochs)}`];
}

function formatEpochs(epochs: number): string {
  return `${epochs} epoch${epochs === 1 ? '' : 's'}`;
}

function idleSchedule({ schedule, epochs }: Settings): string[] {
  // The first epoch sets the loss to fall below, and what comes after the last one has no rate
  if (schedule.name === 'plateau' && schedule.patience > epochs - 3) {
    return [
      `schedule.patience ${schedule.patience}: the learning rate never falls, as the run has ${formatEpochs(epochs)}`,
    ];
  }
  if (schedule.name !== 'multi-step' || schedule.milestones.some((milestone) => milestone < epochs)) return [];
  return [
    `schedule.milestones ${schedule.milestones.join(', ')}: the learning rate never falls, as the run has ${formatEpochs(epochs)}`,
  ];
}

/** Of an artifact it isn't known here whether it has weights. */
function frozenAtRandom({ freeze, pretrained, from, artifacts, nets }: Settings): string[] {
  if (hasModels({ nets }) || freeze === 'none' || pretrained !== null || from !== null || artifacts !== null) return [];
  return [
    `freeze ${freeze}: the frozen layers stay at the random weights that they begin with (--pretrained names others)`,
  ];
}

/** Grey images have neither saturation nor hue. */
function idleJitter({ colorJitter }: Settings, graphs: readonly Graph[]): string[] {
  if (!colorJitter) return [];
  const text = `colorJitter ${colorJitter.join(', ')}`;
  const [brightness, contrast, saturation, hue] = colorJitter;
  const onGrey = brightness + contrast;
  if (onGrey + saturation + hue === 0) return [`${text} has no effect: nothing is changed by it`];
  const grey = graphs[0]?.inputs[0]?.shape[1] === 1;
  if (!grey || saturation + hue === 0) return [];
  return [
    `${text} ${onGrey === 0 ? 'has' : 'changes brightness and contrast only, its saturation and hue have'} no effect: the images are grey`,
  ];
}

function idleTuning(settings: Settings, graphs: readonly Graph[], totalSteps: number, holdsOut: boolean): string[] {
  const { accumulate, batchSize, normWeightDecay, optimizer, ema } = settings;
  const messages: string[] = [];
  if (accumulate > totalSteps) {
    messages.push(`accumulate ${accumulate}: no update comes about, as the run has ${totalSteps} steps`);
  } else if (accumulate > 1 && graphs.some(learnsStatistics)) {
    messages.push(
      `accumulate ${accumulate} is not quite a batch of ${accumulate * batchSize}: BatchNormalization takes its statistics from the ${batchSize} images of a step`,
    );
  }
  if (!normWeightDecay && optimizer.weightDecay === 0) {
    messages.push('normWeightDecay false has no effect: there is no weight decay');
  }
  if (ema !== null && !holdsOut) {
    messages.push(`ema ${ema} has no effect: nothing is held out that would tell averages from weights`);
  }
  return messages;
}

function learnsStatistics({ parameters }: Graph): boolean {
  return [...parameters.values()].some(({ role }) => role === 'buffer');
}
