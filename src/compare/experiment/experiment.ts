import { z } from 'zod';
import { isSection } from '../../settings/presets.js';
import { migrateSettings } from '../../settings/setting-changes.js';
import { type Settings, settingsSchema } from '../../settings/settings.js';
import { at, keysOf } from '../../util/checked.js';
import { AgonError, fail } from '../../util/error.js';
import { parseObject, readTextIfThere } from '../../util/files/read-json.js';
import { migrate } from '../../util/formats/format-version.js';
import { FORMATS } from '../../util/formats/formats.js';
import { suggestion } from '../../util/suggest.js';
import { DEFAULT_MEASURE, MEASURES } from './measures.js';
import { checkPlaces, settleMethod } from './method.js';

const partial = settingsSchema.partial().loose();
const seeds = z.union(
  [z.array(z.int().min(0)).min(1), z.strictObject({ from: z.int().min(0), count: z.int().min(1) })],
  {
    error: 'expected a list of whole numbers, or {"from": 0, "count": 5}',
  },
);

/** Without any there would be nothing to run. */
function some<T extends z.ZodType<object>>(section: T): T {
  return section.refine((entries) => Object.keys(entries).length > 0, 'expected at least one');
}

/**
 * An experiment: groups of networks x methods x seeds. A setting of a run is, from the strongest, what the method says
 * itself; what makes the method of its preset (rule, weights, temperature, perturbations, teacher, ...); what `base` says;
 * with the protocol `preset` what else the preset states; the default.
 */
export const experimentSchema = z.strictObject({
  name: z.string().default('experiment'),
  /**
   * Whose optimizer, schedule, batch, epochs and augmentation: `base` for all methods, which is fair, or what each
   * method's preset states (`preset`).
   */
  protocol: z.enum(['base', 'preset']).default('base'),
  /** Settings that all runs share. What a method's preset would override is refused here: it goes under the method. */
  base: z.record(z.string(), z.unknown()).default({}),
  /** Networks by name of the group. */
  groups: some(z.record(z.string(), partial.shape.nets.unwrap())).default({ 'resnet8 x 2': ['resnet8', 'resnet8'] }),
  /** What each method sets, over the preset that it may name (`preset`). */
  methods: some(z.record(z.string(), z.record(z.string(), z.unknown()))),
  seeds: seeds.default({ from: 0, count: 3 }),
  /** What the tables are about: chosen beforehand, it can't be chosen by the results. */
  measure: z.enum(keysOf(MEASURES)).default(DEFAULT_MEASURE),
  /** The method that others are held against first. */
  baseline: z.string().optional(),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type ExperimentInput = z.input<typeof experimentSchema>;

/** One run of an experiment. */
export interface PlannedRun {
  /** Names its folder. */
  readonly id: string;
  readonly group: string;
  readonly method: string;
  readonly seed: number;
  readonly settings: Settings;
}

/** Checks an experiment. Errors name the key. */
export function parseExperiment(input: unknown, where: string): Experiment {
  const parsed = experimentSchema.safeParse(input);
  if (parsed.success) return checkExperiment(parsed.data, where);
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys' && issue.path.length === 0) {
    const key = at(issue.keys, 0);
    throw new AgonError(where, `unknown key "${key}"`, { hint: suggestion(key, Object.keys(experimentSchema.shape)) });
  }
  const key = issue?.path.join('.');
  return fail(where, `${key ? `${key}: ` : ''}${issue?.message}`);
}

/** What a file says of an experiment, its settings under the names that they have now. */
export async function readExperiment(path: string): Promise<unknown> {
  const text = (await readTextIfThere(path)) ?? fail(path, "can't be read as an experiment: there is no such file");
  const { base, methods, ...rest } = migrate(FORMATS.experiment, parseObject(text, path), path);
  const migrated = isSection(methods)
    ? Object.fromEntries(Object.entries(methods).map(([name, own]) => [name, migrateSettings(own)]))
    : methods;
  return { ...rest, ...(base !== undefined && { base: migrateSettings(base) }), methods: migrated };
}

function checkExperiment(experiment: Experiment, where: string): Experiment {
  const { baseline, methods } = experiment;
  if (baseline !== undefined && !Object.hasOwn(methods, baseline)) {
    fail(where, `baseline: there is no method "${baseline}"`, { hint: suggestion(baseline, Object.keys(methods)) });
  }
  const seeds = seedsOf(experiment);
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (twice === undefined) return experiment;
  return fail(where, `seeds: ${twice} is there twice`, {
    hint: 'Runs of one seed are the same run: name each seed once',
  });
}

/** All runs, seed by seed, so that an early look has every method. */
export function planRuns(experiment: Experiment, where: string): PlannedRun[] {
  checkPlaces(experiment, where);
  const methods = Object.entries(experiment.methods).map(([method, own]) => {
    return { method, common: settleMethod(experiment, own, where, method) };
  });
  const runs = seedsOf(experiment).flatMap((seed) => {
    return Object.entries(experiment.groups).flatMap(([group, nets]) => {
      return methods.map(({ method, common }) => {
        const settings = { ...common, nets, seed };
        return { id: `${slug(group)}-${slug(method)}-s${seed}`, group, method, seed, settings };
      });
    });
  });
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice) fail(where, `two runs would have the folder "${twice}"`, { hint: 'Give groups and methods unlike names' });
  return runs;
}

export function seedsOf({ seeds: given }: Experiment): number[] {
  return Array.isArray(given) ? given : Array.from({ length: given.count }, (_, i) => given.from + i);
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9+_.]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
