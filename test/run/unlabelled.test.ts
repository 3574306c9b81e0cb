import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataRecord } from '../../src/store/data-record.js';
import { runPaths } from '../../src/store/run-folder.js';
import { imageFolder } from './picture-data.js';
import { eventsOf, MOBILENET, RESNET, resultsOf, runHere, smallData, smallSettings, temporaryFolder } from './runs.js';

const OTHERS = Array.from({ length: 7 }, (_, i) => `${i % 2}/${i}.png`);

/** What a run came to, but for where things were. */
async function numbersOf(folder: string) {
  const { last, best, ...rest } = await resultsOf(folder);
  return { ...rest, last: { ...last, settings: null }, best: { ...best, settings: null } };
}

it('a run learns images without labels from its group, and goes on to the same numbers wherever they are now', async () => {
  const unlabelled = await imageFolder(OTHERS);
  const settings = smallSettings(await smallData(), {
    nets: [RESNET, MOBILENET],
    inputPerturbation: { pool: 'paper' },
    mixup: 0.4,
    unlabelled,
  });
  const whole = await runHere(settings);
  expect(eventsOf(whole.events, 'note').map(({ message }) => message)).toEqual([
    `7 unlabelled images in ${unlabelled} are learned from teachers alone, 16 in a step beside 16 with labels`,
  ]);
  const { folder } = await runHere(settings, { stopAfter: 4 });
  expect([...((await readDataRecord(runPaths(folder).data))?.unlabelled?.keys() ?? [])]).toEqual([...OTHERS].sort());

  const resume = (more: object) => runHere({ ...settings, ...more }, { folder, resume: true });
  await expect(resume({ unlabelled: null })).rejects.toThrow('setting "unlabelled" is not the one of the run');
  // The winner's metadata have the folder's name
  const moved = join(await temporaryFolder(), 'images');
  await rename(unlabelled, moved);
  await expect(resume({})).rejects.toThrow(`${unlabelled}: the unlabelled images are not there`);
  await rename(join(moved, '0/0.png'), `${moved}.png`);
  await expect(resume({ unlabelled: moved })).rejects.toThrow(
    `${moved}: the unlabelled images have changed since the run began. Changed are: missing: 0/0.png. Restore them`,
  );
  await rename(`${moved}.png`, join(moved, '0/0.png'));
  await resume({ unlabelled: moved });
  expect(await numbersOf(folder)).toEqual(await numbersOf(whole.folder));

  // And from a frozen teacher, alone
  const alone = { ...settings, nets: [RESNET], inputPerturbation: null, unlabelled: moved, teacher: { model: folder } };
  const { events } = await runHere(smallSettings(settings.data, alone), { stopAfter: 1 });
  expect(eventsOf(events, 'step')[0]?.kd[0]).toBeGreaterThan(0);
});
