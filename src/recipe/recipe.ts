import type { Settings, SettingsInput } from '../settings/settings.js';
import type { DataFacts } from './facts.js';
import { fineTuning, fromScratch, headOnly } from './photographs.js';

/** What its user has said already, of the settings that others are chosen by. */
export interface Chosen extends Partial<Pick<Settings, 'nets' | 'pretrained' | 'freeze' | 'size' | 'epochs'>> {
  /** Whether something is asked for that features of images can't do: perturbed or mixed images, a frozen teacher. */
  readonly onImages?: boolean;
  /** Whether something is asked for that other layers than the last train with. */
  readonly tuned?: boolean;
}

/** A setting's value, and why it is chosen. */
export interface Choice {
  readonly value: unknown;
  readonly why: string;
}
/** By the name of the setting; of an optimizer or a schedule as a whole. */
export type Choices = Partial<Readonly<Record<keyof Settings, Choice>>>;

/** Settings chosen for a data set. */
export interface Recipe {
  /** What is going to happen, in one line. */
  readonly summary: string;
  readonly choices: Choices;
  /** What would bring more. */
  readonly hint?: string;
}

/** Networks that there are weights for on this machine. */
export interface AtHand {
  readonly networks: readonly string[];
  /** Why they are taken. */
  readonly why: string;
  /** What they begin with, where that is to be said. */
  readonly pretrained?: readonly string[];
}

/** Inputs below it are what networks for CIFAR are made for. */
const SMALLEST_SIZE = 96;

/**
 * The recipe for a data set, under what its user has said: for photographs a new head on a frozen backbone where there are weights, all
 * layers where that is asked for (`freeze` none), else a training from random weights. Undefined where the ordinary defaults are
 * right: for small images, and for small inputs.
 *
 * @param atHand - Networks that have weights on this machine, or that weights are for which the user has named.
 */
export function recipeFor(facts: DataFacts, chosen: Chosen, atHand: AtHand | undefined): Recipe | undefined {
  // Weights that are named are for their own network, whatever the size
  const small = chosen.size !== undefined && chosen.size < SMALLEST_SIZE && !chosen.pretrained;
  if (!facts.photographs || small) return undefined;
  if (!atHand && !chosen.pretrained) return fromScratch(facts, chosen);
  const recipe = isTuned(chosen) ? fineTuning(facts, chosen) : headOnly(facts);
  return { ...recipe, choices: { ...beginnings(chosen, atHand), ...recipe.choices } };
}

function isTuned({ freeze, onImages = false, tuned = false }: Chosen): boolean {
  return tuned || (freeze === undefined ? onImages : freeze !== 'backbone');
}

/** The networks and their weights, as far as they aren't said. */
function beginnings({ nets }: Chosen, atHand: AtHand | undefined): Choices {
  if (!atHand) return {};
  const { networks, why, pretrained } = atHand;
  return {
    ...(!nets && { nets: { value: [...networks], why } }),
    ...(pretrained && { pretrained: { value: [...pretrained], why } }),
  };
}

/** The choices as settings. */
export function settingsOf({ choices }: Recipe): SettingsInput {
  return Object.fromEntries(Object.entries(choices).map(([key, { value }]) => [key, value]));
}
