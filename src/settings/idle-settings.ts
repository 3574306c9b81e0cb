import { isDeepStrictEqual } from 'node:util';
import { matesOf } from '../distill/mutation.js';
import type { Graph } from '../graph/graph.js';
import { idleFeatureSettings } from './idle-features.js';
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
  return [
    ...idleLessons(settings).flatMap(([key, why]) =>
      isChosen(settings, key) ? [`${key} ${settings[key]} has no effect: ${why}`] : [],
    ),
    ...idlePerturbations(settings, graphs, totalSteps),
    ...idleSchedule(settings),
    ...idleFeatureSettings(settings),
    ...frozenAtRandom(settings),
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

function idleSchedule({ schedule, epochs }: Settings): string[] {
  if (schedule.name !== 'multi-step' || schedule.milestones.some((milestone) => milestone < epochs)) return [];
  return [
    `schedule.milestones ${schedule.milestones.join(', ')}: the learning rate never falls, as the run has ${epochs} epoch${epochs === 1 ? '' : 's'}`,
  ];
}

/** Of an artifact it isn't known here whether it has weights. */
function frozenAtRandom({ freeze, pretrained, from, artifacts }: Settings): string[] {
  if (freeze === 'none' || pretrained !== null || from !== null || artifacts !== null) return [];
  return [
    `freeze ${freeze}: the frozen layers stay at the random weights that they begin with (--pretrained names others)`,
  ];
}
