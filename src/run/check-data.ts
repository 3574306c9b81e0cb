import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { digestFile } from '../data/dataset/digests.js';
import { BUILTIN } from '../data/formats/builtin.js';
import { unlabelledDigests } from '../data/formats/unlabelled-images.js';
import type { OpenedOrigin } from '../group/origin.js';
import type { RequestedSettings, Settings } from '../settings/settings.js';
import { absolutePaths } from '../store/absolute-paths.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { describeChanges, readDataRecord } from '../store/data-record.js';
import { runPaths } from '../store/run-folder.js';
import { type RunData, sameData, sameLayout } from '../train/data.js';
import { fail } from '../util/error.js';
import { formatList } from '../util/format-list.js';

/** Fails where the run that networks begin from had other classes. */
export function checkSameClasses({ origin, classes }: OpenedOrigin, { dataset }: RunData): void {
  if (isDeepStrictEqual(classes, [...dataset.classes])) return;
  fail(dataset.name, `its classes are not those of the run ${origin.run}`, {
    expected: `${classes.length}: ${formatList(classes)}`,
    got: `${dataset.classes.length}: ${formatList(dataset.classes)}`,
    hint: 'Networks begin from a run of the same classes',
  });
}

/** What is to be said where images are held out that the networks have been trained on already. */
export function heldOutNote(
  { origin, settings: before }: OpenedOrigin,
  { seed, validation }: Pick<Settings, 'seed' | 'validation'>,
  { ownValidation, dataset }: RunData,
): string | undefined {
  if (ownValidation || !dataset.validation || (seed === before.seed && validation === before.validation))
    return undefined;
  return (
    `other images are held out than in the run ${origin.run} (seed ${before.seed}, validation ${before.validation}): ` +
    'its networks have been trained on some of them, so that validation looks too good'
  );
}

/** Fails where the data aren't those that a run in some folder began with; says in which files they differ, where that is known. */
export async function checkSameData(folder: string, resumed: Checkpoint, data: RunData): Promise<void> {
  const { dataFingerprint, classes, preprocessing } = resumed;
  const { last, data: record } = runPaths(folder);
  if (!sameData(dataFingerprint, data)) {
    const before = await readDataRecord(record);
    const changes = before && describeChanges(before.content, data.content);
    const hint = `${changes ? `Changed are: ${changes}. ` : ''}Restore them, or start a new run`;
    if (sameLayout(dataFingerprint, data.fingerprint)) {
      fail(last, 'the images have changed since the run began: names and classes are the same, their content is not', {
        hint,
      });
    }
    fail(last, 'the data have changed since the run began', {
      expected: `${classes.length} classes, fingerprint ${dataFingerprint}`,
      got: `${data.dataset.classes.length} classes, fingerprint ${data.fingerprint}`,
      hint,
    });
  }
  if (isDeepStrictEqual(preprocessing, data.preprocessing)) return;
  fail(last, 'the images have changed since the run began: their size or statistics', {
    expected: JSON.stringify(preprocessing),
    got: JSON.stringify(data.preprocessing),
    hint: 'Restore them, or start a new run',
  });
}

/** Fails where a run would go on with other images without labels than it began with, wherever they are now; says which differ. */
export async function checkSameUnlabelled(folder: string, { unlabelled }: RunData): Promise<void> {
  if (!unlabelled) return;
  const before = (await readDataRecord(runPaths(folder).data))?.unlabelled ?? new Map<string, string>();
  const now = unlabelledDigests(unlabelled);
  if (isDeepStrictEqual(before, now)) return;
  fail(unlabelled.name, 'the unlabelled images have changed since the run began', {
    hint: `Changed are: ${describeChanges(before, now)}. Restore them, or start a new run`,
  });
}

/** Fails where the data of a run that goes on are no longer where they were. */
export function checkDataThere({ data }: Pick<Settings, 'data'>): void {
  if (data === BUILTIN || existsSync(data)) return;
  fail(data, "the run's data are not there any more", { hint: 'Say where they are now (--data)' });
}

/** A digest of the file that a run's frozen teacher is read from; undefined without one. */
export async function digestTeacher({ teacher }: Pick<Settings, 'teacher'>): Promise<string | undefined> {
  if (!teacher) return undefined;
  const { best } = runPaths(teacher.model);
  return digestFile(existsSync(best) ? best : teacher.model);
}

/** Fails where a run would go on with another frozen teacher than it began with, wherever that is now. */
export async function checkSameTeacher(
  folder: string,
  resumed: Checkpoint,
  settings: RequestedSettings,
): Promise<void> {
  const digest = await digestTeacher(settings);
  if (settings.teacher === null || digest === undefined) return;
  const { model } = settings.teacher;
  const record = await readDataRecord(runPaths(folder).data);
  if (record?.teacher === digest) return;
  if (record?.teacher !== undefined) {
    fail(model, 'the frozen teacher has changed since the run began', { hint: 'Restore it, or start a new run' });
  }
  // Older runs don't know what theirs was
  const before = absolutePaths(resumed.settings).teacher?.model;
  if (before === model) return;
  fail(model, 'this run has no record of what its frozen teacher was', {
    expected: before ?? 'none',
    hint: 'Put it back where it was, or start a new run',
  });
}
