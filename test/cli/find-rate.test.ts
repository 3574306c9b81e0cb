import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatRate, rateFigure } from '../../src/cli/text/rate-figure.js';
import type { FoundRates } from '../../src/run/find-rate.js';
import { parseSettings } from '../../src/settings/settings.js';
import { eventsOf, runHere, smallData, smallSettings, temporaryFolder } from '../run/runs.js';
import { agon } from './command-line.js';

const PNG = [0x89, 0x50, 0x4e, 0x47];

describe('agon train --find-lr', () => {
  it('trains with growing rates, suggests one, and leaves its curve and nothing else', async () => {
    const folder = await temporaryFolder();
    const settings = smallSettings(await smallData(), { epochs: 1 });
    const [config, png] = [join(folder, 'config.json'), join(folder, 'curve.png')];
    await writeFile(config, JSON.stringify(settings));
    const { exitCode, stdout } = await agon(`train --config ${config} --find-lr --find-lr-png ${png} --json`);
    expect(exitCode).toBe(0);
    const found = JSON.parse(stdout) as FoundRates;
    const { rates, networks } = found;
    expect(rates.length).toBeGreaterThan(60);
    expect([rates[0], (rates[1] ?? 0) / 1e-7]).toEqual([1e-7, expect.closeTo(10 ** (8 / 99), 9)]);
    expect(networks.map(({ losses }) => losses.length)).toEqual([rates.length, rates.length]);
    expect(found.suggestion).toBe(Math.min(...networks.map(({ suggested }) => suggested?.steepest ?? 10)));
    // A step's loss is from before its update: the first one is that of any run
    const { events } = await runHere(settings, { stopAfter: 1 });
    expect(networks.map(({ losses }) => losses[0])).toEqual(eventsOf(events, 'step')[0]?.ce);
    expect([...(await readFile(png)).subarray(0, 4)]).toEqual(PNG);
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'curve.png']);
  });

  it.each([
    ['train --find-lr-png a.png', '--find-lr-png: goes with --find-lr'],
    ['train --find-lr --engine ort-training --momentum 0', '--find-lr: goes with --engine agon'],
    ['train --find-lr --resume x', "--find-lr: can't go with --resume"],
  ])('%s is an error', async (line, message) => {
    const { exitCode, stderr } = await agon(line);
    expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining(message)]);
  });
});

describe('the figure of a range test', () => {
  it('has labelled axes, a line for each network up to where it leaves, and the suggestion', () => {
    const rates = [1e-3, 1e-2, 0.1, 1];
    const network = (name: string, smoothed: number[]) => ({
      index: 0,
      name,
      parameters: 1,
      losses: smoothed,
      smoothed,
    });
    const networks = [
      { ...network('a<b', [2, 1.5, 1, 90]), suggested: { steepest: 0.01, steepestStep: 1, tenthOfLowest: 0.01 } },
      network('other', [2, 2, 2, 2]),
    ];
    const svg = rateFigure({ settings: parseSettings({}), rates, networks, suggestion: 0.01 });
    for (const text of ['learning rate', 'loss, smoothed', 'a&lt;b', 'other', '--lr 0.01', '>0.1<', '>1<']) {
      expect(svg).toContain(text);
    }
    const lines = [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points = '']) => points.split(' ').length);
    expect(lines).toEqual([3, 4]);
    expect([0.00316, 1e-7].map(formatRate)).toEqual(['0.0032', '1e-7']);
  });
});
