import { expect, it } from 'vitest';
import type { SettingsInput } from '../../src/settings/settings.js';
import { readCheckpoint } from '../../src/store/checkpoint.js';
import { runPaths } from '../../src/store/run-folder.js';
import { eventsOf, resultsOf, runHere, smallData, smallSettings } from './runs.js';

it('a run leaves its frozen layers as they began, also by perturbations, and goes on with them', async () => {
  const data = await smallData();
  const mutation = { parameterPerturbation: { when: { every: 2 }, window: 1 } };
  const run = async (settings: SettingsInput) => runHere(smallSettings(data, settings));
  const whole = await run({ freeze: 'layer1', ...mutation });
  const other = await run({ freeze: 'backbone' });
  const all = await run({});
  const [frozen, backbone, trained] = await Promise.all(
    [whole, other, all].map(async ({ folder }) => (await readCheckpoint(runPaths(folder).last)).tensors),
  );
  const names = [...(backbone?.keys() ?? [])].filter((name) => /^net\d\.(conv1|bn1|layer1)\./.test(name));
  expect(names).toHaveLength(2 * 15);
  for (const name of names) {
    expect(frozen?.get(name), name).toEqual(backbone?.get(name));
    expect(trained?.get(name), name).not.toEqual(backbone?.get(name));
  }
  expect(eventsOf(whole.events, 'step').some(({ parameterPerturbation }) => parameterPerturbation)).toBe(true);

  const settings = smallSettings(data, { freeze: 'layer1', ...mutation });
  const { folder } = await runHere(settings, { stopAfter: 2 });
  await runHere(settings, { folder, resume: true });
  expect(await resultsOf(folder)).toEqual(await resultsOf(whole.folder));
});
