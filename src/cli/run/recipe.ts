import type { Taken } from '../../recipe/facts.js';
import type { Chosen, Recipe } from '../../recipe/recipe.js';
import type { SettingLayer } from '../../settings/explain.js';
import { parseSettings, type SettingsInput } from '../../settings/settings.js';
import { AgonError } from '../../util/error.js';
import type { GivenFlag } from '../flags/merge-settings.js';

/** Flags that say a protocol, or networks, of their own: nothing is chosen beside them. */
const PROTOCOLS = ['preset', 'artifacts', 'engine'];
/** Flags of what needs images in every step. */
const ON_IMAGES = ['inputPerturbation', 'teacher', 'unlabelled', 'mixup', 'cutmix'];
/** Flags of what other layers than the last train with. */
const TUNING = ['unfreezeAt', 'layerDecay'];

/** The recipe for the data that flags name, and for what else they say; undefined where the ordinary defaults hold. */
export async function recipeForFlags(given: readonly GivenFlag[]): Promise<Recipe | undefined> {
  const data = givenValue(given, 'data');
  if (typeof data !== 'string' || given.some(({ path }) => PROTOCOLS.includes(path[0]))) return undefined;
  const [{ surveyData }, { networksAtHand }, { recipeFor }] = await Promise.all([
    import('../../recipe/facts.js'),
    import('../../recipe/at-hand.js'),
    import('../../recipe/recipe.js'),
  ]);
  const facts = await surveyData(data, takenBy(given)).catch((error) => {
    // The run says what is wrong with the data, unless weights are to fit networks before
    if (error instanceof AgonError && givenValue(given, 'pretrained') === undefined) return undefined;
    throw error;
  });
  if (!facts) return undefined;
  const chosen = chosenBy(given);
  return recipeFor(facts, chosen, await networksAtHand(chosen));
}

/** What flags say of the images that are trained on, over the defaults. */
function takenBy(given: readonly GivenFlag[]): Taken {
  return parseSettings(saidOf(given, ['seed', 'task', 'validation', 'limit']));
}

function chosenBy(given: readonly GivenFlag[]): Chosen {
  const said: Chosen = saidOf(given, ['nets', 'pretrained', 'freeze', 'size', 'epochs']);
  const onImages = asksFor(given, ON_IMAGES);
  const tuned = asksFor(given, TUNING);
  return { ...said, ...(onImages && { onImages }), ...(tuned && { tuned }) };
}

function asksFor(given: readonly GivenFlag[], keys: readonly string[]): boolean {
  return given.some(({ path, value }) => keys.includes(path[0]) && value !== 'none' && value !== 0 && value !== null);
}

/** The settings of these names that flags give. */
function saidOf(given: readonly GivenFlag[], keys: readonly string[]): Readonly<Record<string, unknown>> {
  const said = keys.map((key) => [key, givenValue(given, key)] as const);
  return Object.fromEntries(said.filter(([, value]) => value !== undefined));
}

function givenValue(given: readonly GivenFlag[], key: string): unknown {
  return given.find(({ path }) => path.length === 1 && path[0] === key)?.value;
}

/** A recipe as settings under flags, with its reasons. */
export function recipeLayer({ choices }: Recipe, values: SettingsInput): SettingLayer {
  const reasons = new Map(Object.entries(choices).map(([key, choice]) => [key, choice.why]));
  const sourceOf = (path: string) => `recipe: ${reasons.get(path.split('.')[0] ?? '') ?? ''}`;
  return { values: { ...values }, sourceOf };
}

/** What is going to happen, what would bring more, and where all of it is said. */
export function recipeLines({ summary, hint }: Recipe): string[] {
  return [
    summary,
    ...(hint === undefined ? [] : [hint]),
    'what was chosen and why: agon train --explain with the same flags',
    '',
  ];
}
