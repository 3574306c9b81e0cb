import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { formatNumberOf } from '../../report/format.js';
import { isSection } from '../../settings/presets.js';
import { COMPUTING_KEYS, type Settings } from '../../settings/settings.js';
import { absolutePaths } from '../../store/absolute-paths.js';
import { readResult } from '../../store/result.js';
import { readRunSettings, runPaths } from '../../store/run-folder.js';
import { fail } from '../../util/error.js';
import type { PlannedRun } from '../experiment/experiment.js';
import { comparePaths } from '../experiment/folder.js';

/** What may differ between the runs of a comparison: how it is computed, and what the settings started from. */
const FREE = new Set<string>(['preset', ...COMPUTING_KEYS]);

/** Fails where a run that is finished, or would go on, has other settings than planned: its numbers belong to another experiment. */
export async function checkStored(folder: string, runs: readonly PlannedRun[]): Promise<void> {
  const found = await Promise.all(runs.map((run) => differenceOf(comparePaths(folder).run(run.id), run)));
  const [first, ...others] = found.flatMap((each) => each ?? []);
  if (!first) return;
  const which =
    others.length > 0
      ? `the folders of this and ${formatNumberOf(others.length, 'other run')} that are not as planned`
      : 'the folder of this run';
  fail(first.own, `this run was trained with another "${first.setting}"`, {
    expected: `${format(first.planned)} as the experiment says`,
    got: format(first.stored),
    hint: `Choose another folder (--out), or delete ${which}, to train anew`,
  });
}

interface Difference {
  /** `optimizer.lr` */
  readonly setting: string;
  readonly stored: unknown;
  readonly planned: unknown;
}

async function differenceOf(
  own: string,
  { settings }: PlannedRun,
): Promise<(Difference & { own: string }) | undefined> {
  const stored = await storedSettings(own);
  if (!stored) return undefined;
  const comparable = (all: Settings) => {
    return Object.fromEntries(Object.entries(absolutePaths(all)).filter(([key]) => !FREE.has(key)));
  };
  const difference = firstDifference('', comparable(stored), comparable(settings));
  if (!difference) return undefined;
  const { setting } = difference;
  return { setting, stored: valueAt(stored, setting), planned: valueAt(settings, setting), own };
}

/** As it was given: a path may be absolute only to be compared. */
function valueAt(settings: Settings, setting: string): unknown {
  return setting.split('.').reduce<unknown>((value, key) => (isSection(value) ? value[key] : undefined), settings);
}

/** The settings of a run that is finished or has a checkpoint; another one begins anew. */
async function storedSettings(own: string): Promise<Settings | undefined> {
  const { result, last } = runPaths(own);
  const finished = await readResult(result);
  return finished?.settings ?? (existsSync(last) ? readRunSettings(own) : undefined);
}

function firstDifference(setting: string, stored: unknown, planned: unknown): Difference | undefined {
  if (isDeepStrictEqual(stored, planned)) return undefined;
  if (!isSection(stored) || !isSection(planned)) return { setting, stored, planned };
  const prefix = setting && `${setting}.`;
  for (const key of new Set([...Object.keys(stored), ...Object.keys(planned)])) {
    const inside = firstDifference(prefix + key, stored[key], planned[key]);
    if (inside) return inside;
  }
  return undefined;
}

function format(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
