import { stat } from 'node:fs/promises';
import { type Experiment, parseExperiment, readExperiment } from '../../compare/experiment/experiment.js';
import { comparePaths, openExperiment } from '../../compare/experiment/folder.js';
import { fail, messageOf } from '../../util/error.js';
import { errorCode } from '../../util/files/files.js';
import { failUsage } from '../io/usage-error.js';
import { type GivenFlag, mergeSection } from './merge-settings.js';
import { COUNT, parseNumber } from './number-range.js';
import { listOf } from './setting-flags.js';

/** What the command line says of an experiment. */
export interface ExperimentFlags {
  readonly group?: readonly string[];
  readonly methods?: string;
  readonly seeds?: string;
}

type Raw = Readonly<Record<string, unknown>>;

interface Source {
  readonly where: string;
  readonly given: { readonly methods: Experiment['methods'] } & Partial<Experiment>;
  /** Of the comparison that was named. */
  readonly folder?: string;
}

/** The experiment of a file, or of a comparison's folder, with what flags say; and the folder, if one was named. */
export async function settleExperiment(
  named: string | undefined,
  { group, methods, seeds }: ExperimentFlags,
  flags: readonly GivenFlag[],
): Promise<{ readonly experiment: Experiment; readonly where: string; readonly folder?: string }> {
  const { where, given, folder } = await openSource(named);
  const merged = {
    ...given,
    base: withFlags(given, flags),
    ...(group && { groups: Object.fromEntries(group.map((nets) => groupOf(nets))) }),
    ...(methods && { methods: Object.fromEntries(listOf('--methods', methods).map((name) => methodOf(name))) }),
    ...(seeds && { seeds: readSeeds(seeds) }),
  };
  if (Object.keys(merged.methods).length === 0) {
    fail(where, 'there are no methods', { hint: 'Name an experiment file, or presets (--methods dml,cd-paper)' });
  }
  const experiment = parseExperiment(merged, where);
  return { experiment, where, ...(folder !== undefined && { folder }) };
}

async function openSource(named: string | undefined): Promise<Source> {
  if (named === undefined) return { where: 'the command line', given: { methods: {} } };
  const info = await stat(named).catch((error: unknown) => {
    const reason =
      errorCode(error) === 'ENOENT' ? 'there is no such file or folder' : `can't be read: ${messageOf(error)}`;
    return fail(named, reason, { hint: 'Name an experiment file, or the folder of a comparison', cause: error });
  });
  if (!info.isDirectory()) return { where: named, given: parseExperiment(await readExperiment(named), named) };
  return { where: comparePaths(named).experiment, given: await openExperiment(named), folder: named };
}

function groupOf(nets: string): [string, string[]] {
  const names = listOf('--group', nets);
  return [names.join('+'), names];
}

function methodOf(preset: string): [string, Raw] {
  if (preset === 'kd') {
    failUsage('--methods', 'the preset kd needs a frozen teacher', {
      hint: 'Name it in an experiment file: "methods": {"kd": {"preset": "kd", "teacher": {"model": "runs/big"}}}',
    });
  }
  return [preset, { preset }];
}

/** The shared settings under flags. */
function withFlags({ base = {}, protocol }: Source['given'], flags: readonly GivenFlag[]): Raw {
  const merged: Record<string, unknown> = { ...base };
  for (const { path, value } of flags) if (path.length === 1) merged[path[0]] = value;
  for (const [section, name] of [['optimizer', 'sgd'] as const, ['schedule', 'cosine'] as const]) {
    const own = flags.filter(({ path }) => path.length === 2 && path[0] === section);
    if (own.length === 0) continue;
    const beneath = (base[section] ?? {}) as Raw;
    // Which one a flag is about is each preset's own, unless it is said.
    const isOpen = protocol === 'preset' && beneath.name === undefined && !own.some(({ path }) => path[1] === 'name');
    merged[section] = isOpen
      ? { ...beneath, ...Object.fromEntries(own.map(({ path, value }) => [path[1] as string, value])) }
      : mergeSection({ name, ...beneath }, own);
  }
  return merged;
}

function readSeeds(text: string): Experiment['seeds'] {
  const items = listOf('--seeds', text);
  const [only] = items;
  if (only !== undefined && items.length === 1) return { from: 0, count: parseNumber('--seeds', only, COUNT) };
  return items.map((item) => parseNumber('--seeds', item, { whole: true, from: 0 }));
}
