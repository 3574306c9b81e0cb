import { z } from 'zod';
import { hasModels, isModelFile } from '../nets/model-file.js';
import { planNetwork } from '../nets/registry.js';
import { AUTO, deviceNames, namedDevice } from '../runtime/device-names.js';
import { AgonError, fail, messageOf } from '../util/error.js';
import { suggestion } from '../util/suggest.js';
import { parseSource } from '../weights/source.js';
import { checkOrtTrainingSettings } from './check-engine.js';
import { checkFeatureSettings } from './check-features.js';
import { checkTaskSettings } from './check-task.js';
import { FEATURES, sectionWithoutFeature } from './modifiers.js';
import { devicesOf } from './places/devices-of.js';
import { withPreset } from './presets.js';
import { migrateSettings } from './setting-changes.js';
import { batchSize, settingsSchema } from './settings-schema.js';

export { settingsSchema } from './settings-schema.js';

/** Numbers in one array of a batch's images: what an array of Node.js holds. */
const MOST_NUMBERS = 2 ** 32 / Float32Array.BYTES_PER_ELEMENT;

/** The settings that a file of Agon's records, under the names that they had then. */
export const recordedSettings = z.preprocess(
  (input) => migrateSettings(input),
  settingsSchema.extend({ batchSize: batchSize.default(128) }),
);

/** Settings of how a run is computed, which change none of what it computes but the rounding. */
export const COMPUTING_KEYS = [
  'threads',
  'workers',
  'tune',
  'logEvery',
  'stepsPerRun',
  'prepareOn',
  'allowFallback',
  'peerTimeout',
  'saveEvery',
] as const;

/** Where settings are that no file holds. */
const SETTINGS = 'settings';

/** The settings of a run, complete. */
export interface Settings extends z.infer<typeof recordedSettings> {}
/** The settings of a run that is yet to begin, whose batch size and device may be `auto`. */
export interface RequestedSettings extends Omit<Settings, 'batchSize'> {
  batchSize: Settings['batchSize'] | 'auto';
}
/** The settings of a run as a user gives them: what is left out has its default. */
export interface SettingsInput extends z.input<typeof settingsSchema> {}

/**
 * Checks settings and fills in what is left out: the preset's values, if one is named, else the defaults. Errors name the
 * setting, and suggest one for a misspelt key or network.
 */
export function parseSettings(input: unknown, where = SETTINGS): Settings {
  const settings = parseRequested(input, where);
  if (isSettled(settings)) return settings;
  return failOpen(where, settings);
}

/** Whether settings have a number as their batch size, and say their device. */
function isSettled(settings: RequestedSettings): settings is Settings {
  return hasBatchSize(settings) && settings.device !== AUTO;
}

/** Whether settings have a number as their batch size. */
export function hasBatchSize(settings: RequestedSettings): settings is Settings {
  return settings.batchSize !== 'auto';
}

function failOpen(where: string, settings: RequestedSettings): never {
  const [key, expected] = hasBatchSize(settings) ? ['device', deviceNames()] : ['batchSize', 'a number'];
  return fail(where, key, {
    expected,
    got: '"auto"',
    hint: 'Only `agon train` settles it, for one run: what is compared or resumed has one for all',
  });
}

/** Likewise, of a run that is yet to begin. */
export function parseRequested(input: unknown, where = SETTINGS): RequestedSettings {
  const whole = withPreset(migrateSettings(input));
  const parsed = settingsSchema.safeParse(whole);
  if (parsed.success) {
    checkFeatures(whole as Record<string, unknown>, where);
    checkNetworks(parsed.data, where);
    checkBatchMemory(parsed.data, where);
    return parsed.data;
  }
  const { issues } = parsed.error;
  // A misspelt key is missing under its right name as well
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  throw describeIssue(where, unknown ?? (issues[0] as z.core.$ZodIssue), whole);
}

function describeIssue(where: string, issue: z.core.$ZodIssue, input: unknown): AgonError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownKeys(issue.path, input);
    const hint = known.length > 0 ? suggestion(key, known) : 'Remove it';
    return new AgonError(where, `unknown setting "${[...issue.path, key].join('.')}"`, { hint });
  }
  const [section, key] = issue.path;
  const feature = Object.entries(FEATURES).find(([name, each]) => name === section && each.key === key)?.[1];
  if (feature && valueAt(input, issue.path) === undefined) {
    return new AgonError(where, `${issue.path.join('.')}: ${feature.missing}`, { hint: feature.hint });
  }
  const expected = issue.message.replace(/^.*?expected /i, '').replace(/, received .*$/, '');
  const got = valueAt(input, issue.path);
  return new AgonError(where, issue.path.join('.') || 'settings', {
    expected,
    got: typeof got === 'number' ? String(got) : JSON.stringify(got),
  });
}

/** The settings that there are beside an unknown one; of an optimizer or schedule those of the chosen one. */
function knownKeys(path: readonly PropertyKey[], input: unknown): string[] {
  const chosen = valueAt(input, [...path, 'name']);
  const fits = ({ shape: { name } }: z.ZodObject) => !(name instanceof z.ZodLiteral) || name.value === chosen;
  return objectsAt(settingsSchema, path)
    .filter(fits)
    .flatMap(({ shape }) => Object.keys(shape));
}

/** The objects that may be at a path. */
function objectsAt(schema: unknown, [key, ...rest]: readonly PropertyKey[]): z.ZodObject[] {
  const objects = alternativesOf(schema);
  return key === undefined ? objects : objects.flatMap(({ shape }) => objectsAt(shape[String(key)], rest));
}

/** The objects among what a schema allows. */
function alternativesOf(schema: unknown): z.ZodObject[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) return alternativesOf(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternativesOf);
  return schema instanceof z.ZodObject ? [schema] : [];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], input);
}

function checkFeatures(input: Readonly<Record<string, unknown>>, where: string): void {
  const section = sectionWithoutFeature(input);
  if (!section) return;
  const { key, missing, hint } = FEATURES[section];
  fail(where, `${section}.${key}: ${missing}`, { hint });
}

/** Fails for a network that there isn't. Those of an artifact have names of their own. */
function checkNetworks({ nets, artifacts }: RequestedSettings, where: string): void {
  if (artifacts !== null) return;
  for (const [i, net] of nets.entries()) {
    if (isModelFile(net)) continue;
    const at = where === SETTINGS ? 'networks' : `${where}: nets.${i}`;
    if (typeof net === 'string') planNetwork(net, at);
    else checkSpec(net, at);
  }
}

function checkSpec(spec: object, at: string): void {
  try {
    planNetwork(spec);
  } catch (error) {
    fail(at, messageOf(error), { cause: error });
  }
}

/** Fails for a batch whose images no array can hold, even of one channel. */
function checkBatchMemory({ size, batchSize, unlabelled }: RequestedSettings, where: string): void {
  if (batchSize === 'auto') return;
  const images = unlabelled === null ? batchSize : 2 * batchSize;
  const numbers = images * (size ?? 1) ** 2;
  if (numbers <= MOST_NUMBERS) return;
  fail(where, size === undefined ? 'batchSize' : `size ${size} with batchSize ${batchSize}`, {
    expected: `at most ${MOST_NUMBERS} pixels in a batch`,
    got: String(numbers),
    hint: 'Choose smaller images (--size), or fewer at a time (--batch-size)',
  });
}

/** Fails for settings that are each right but don't go together. */
export function checkSettings(settings: RequestedSettings): void {
  const { nets, rule, topK, parameterPerturbation, engine } = settings;
  if (rule === 'top-k' && topK >= nets.length) {
    fail('settings', 'topK', { expected: `less than the number of networks (${nets.length})`, got: String(topK) });
  }
  if (parameterPerturbation && nets.length < 2) {
    fail('settings', 'parameterPerturbation', {
      expected: 'two networks or more, as a mutant is ranked among others',
      got: String(nets.length),
      hint: 'Add a network (--nets), or leave it out',
    });
  }
  checkPolicies(settings);
  if (parameterPerturbation && settings.accumulate > 1) {
    fail('settings', 'accumulate with parameterPerturbation', {
      expected: '1, as gradients of a mutant and of the network before can not be averaged',
      got: String(settings.accumulate),
      hint: 'Leave one of them out',
    });
  }
  checkPretrained(settings);
  checkNormalisation(settings);
  checkUnlabelled(settings);
  checkFeatureSettings(settings);
  checkTaskSettings(settings);
  checkStepsPerRun(settings);
  if (engine === 'ort-training') checkOrtTrainingSettings(settings);
  checkPlaces(settings);
}

/** Places must name networks, each once; what an automatic batch size goes by is one graph on one device. */
function checkPlaces(settings: RequestedSettings): void {
  if (settings.place === null) return;
  devicesOf(settings);
  if (settings.device === AUTO) {
    fail('settings', 'device with place', {
      expected: `${deviceNames()}, for the networks that place leaves out`,
      got: `"${AUTO}"`,
    });
  }
  if (settings.batchSize !== 'auto') return;
  fail('settings', 'batchSize with place', {
    expected: 'a number, as what places take of the memory is not known',
    got: '"auto"',
    hint: 'Try --batch-size 32, and less where it fails',
  });
}

/** A run of several steps keeps the state from being copied between them: where nothing is copied, it has no use. */
function checkStepsPerRun({ stepsPerRun, device, place }: RequestedSettings): void {
  if (stepsPerRun > 1 && place !== null) {
    fail('settings', 'stepsPerRun with place', {
      expected: '1, as networks in places of their own show each other their logits in every step',
      got: String(stepsPerRun),
    });
  }
  if (stepsPerRun === 1 || namedDevice(device)?.state !== 'device') return;
  fail('settings', `stepsPerRun with the device ${device}`, {
    expected: '1, as the state stays on it between steps, and ONNX Runtime has no Loop there',
    got: String(stepsPerRun),
    hint: 'Leave --steps-per-run out; --log-every says how often what the steps measured is copied',
  });
}

/** RandAugment and TrivialAugment are two ways to draw from the same operations. */
function checkPolicies({ randAugment, trivialAugment }: RequestedSettings): void {
  if (!randAugment || !trivialAugment) return;
  fail('settings', 'randAugment and trivialAugment draw from the same operations', {
    hint: 'Leave one of them out (--rand-augment, --trivial-augment)',
  });
}

/** Of an image without a label nothing is learned but what a teacher says of it. */
function checkUnlabelled({ unlabelled, nets, rule, alpha, beta, teacher }: RequestedSettings): void {
  const competing = nets.length > 1 && rule !== 'none' && alpha + beta > 0;
  if (unlabelled === null || competing || (teacher && teacher.weight > 0)) return;
  fail('settings', 'unlabelled where nobody teaches: nothing would be learned of these images', {
    got: unlabelled,
    hint: 'Name a frozen teacher (--teacher), or train two networks or more that teach each other (--nets, --rule)',
  });
}

/** Weights are for networks of the zoo that begin anew. */
function checkPretrained({ nets, artifacts, from, pretrained }: RequestedSettings): void {
  if (pretrained === null) return;
  if (hasModels({ nets })) {
    fail('settings', 'pretrained with ONNX models among nets, which have weights of their own', {
      got: nets.filter(isModelFile).join(', '),
      hint: 'Leave pretrained out',
    });
  }
  const other = artifacts !== null ? 'artifacts' : from !== null ? 'from' : undefined;
  if (other)
    fail('settings', `pretrained and ${other} both say what networks begin with`, { hint: 'Leave one of them out' });
  for (const item of pretrained) parseSource(item);
  if (pretrained.length === 1 || pretrained.length === nets.length) return;
  fail('settings', 'pretrained', {
    expected: nets.length === 1 ? 'one' : `one for all networks, or one for each of the ${nets.length}`,
    got: String(pretrained.length),
  });
}

function checkNormalisation({ normalisation }: RequestedSettings): void {
  if (typeof normalisation === 'string' || normalisation.mean.length === normalisation.std.length) return;
  const { mean, std } = normalisation;
  fail('settings', 'normalisation', {
    expected: 'as many numbers in mean as in std',
    got: `${mean.length} and ${std.length}`,
  });
}
