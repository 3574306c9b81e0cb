import { expect, it } from 'vitest';
import { readRunSettings } from '../../src/store/run-folder.js';
import { eventsOf, MOBILENET, RESNET, resultsOf, runHere, smallData, smallSettings } from './runs.js';

it('a run whose step prepares its images learns what another does, and goes on after a stop to the bit', async () => {
  const overrides = { nets: [RESNET, MOBILENET], augmentation: { padCrop: 1, flip: true } };
  const data = await smallData();
  const host = await runHere(smallSettings(data, overrides));
  const settings = smallSettings(data, { ...overrides, prepareOn: 'device', stepsPerRun: 2 });
  const device = await runHere(settings);
  const [expected, got] = [host, device].map(({ events }) => eventsOf(events, 'step').flatMap(({ ce }) => ce)) as [
    number[],
    number[],
  ];
  expect(expected).toHaveLength(12);
  const differences = expected.map((ce, i) => Math.abs(ce - (got[i] ?? Number.NaN)));
  expect(Math.max(...differences.slice(0, 2))).toBeLessThan(1e-5);
  expect(Math.max(...differences)).toBeLessThan(1e-3);

  const { folder } = await runHere(settings, { stopAfter: 2 });
  await runHere(settings, { folder, resume: true });
  expect(await resultsOf(folder)).toEqual(await resultsOf(device.folder));
  expect((await readRunSettings(folder)).prepareOn).toBe('device');
});

it('a run whose images only the host can prepare says so, and is the same', async () => {
  const data = await smallData();
  const overrides = { mixup: 0.4, epochs: 1 };
  const host = await runHere(smallSettings(data, overrides));
  const asked = await runHere(smallSettings(data, { ...overrides, prepareOn: 'device' }));
  const warnings = eventsOf(asked.events, 'warning').map(({ message }) => message);
  expect(warnings).toContain('prepareOn device has no effect: images are mixed when they are normalised already');
  const { best } = await resultsOf(host.folder);
  expect((await resultsOf(asked.folder)).best.tensors).toEqual(best.tensors);
});
