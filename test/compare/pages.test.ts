import { describe, expect, it } from 'vitest';
import { toMarkdown } from '../../src/compare/page/markdown.js';
import { toPage } from '../../src/compare/page/page.js';
import { compareRuns } from '../../src/compare/results/results.js';
import { finished, withFewClasses } from './finished.js';

/** Means of the networks: x 60 and 64, y 61 and 67; y - x is 1 and 3, with t = 2 at 1 degree of freedom: p = 1 - 2 atan(2) / pi. */
const RUNS = [
  finished('x', 0, { last: [58, 62, 63] }),
  finished('y|<b>', 0, { last: [61, 61, 62] }),
  finished('x', 1, { last: [64, 64, 65] }),
  finished('y|<b>', 1, { last: [66, 68, 70] }),
];

describe('the results as Markdown', () => {
  it('are without top-5 where it is 100 % everywhere, as with five classes or fewer', () => {
    const text = toMarkdown('few', [], compareRuns(RUNS.map(withFewClasses), 'mean-last'));
    expect(text).not.toContain('top-5');
    expect(text).toContain('best epoch; ECE (expected calibration error): mean of the networks, last epoch');
    expect(text).toContain('| group | methods | mean-best | winner-best | ensemble-last | ensemble-best | ECE |');
  });

  it('are tables with units, and sentences', () => {
    expect(toMarkdown('small', ['Two lines', 'of provenance.'], compareRuns(RUNS, 'mean-last'))).toBe(`# small

Two lines

of provenance.

## Top-1 on the test split, %: mean of the networks, last epoch

| group | method | seeds | mean ± sd [95 % interval] | each network |
| --- | --- | --- | --- | --- |
| pair | x | 2 | 62.00 ± 2.83 [36.59, 87.41] | 61.00 / 63.00 |
| pair | y\\|&lt;b> | 2 | 64.00 ± 4.24 [25.88, 102.12] | 63.50 / 64.50 |

## Other measures on the test split, %: mean ± sd

mean-best: mean of the networks, best epoch; winner-best: winner of the run, best epoch; ensemble-last: ensemble, last epoch; ensemble-best: ensemble, best epoch; top-5 and ECE (expected calibration error): mean of the networks, last epoch

| group | method | mean-best | winner-best | ensemble-last | ensemble-best | top-5 | ECE |
| --- | --- | --- | --- | --- | --- | --- | --- |
| pair | x | 52.00 ± 2.83 | 51.00 ± 4.24 | 64.00 ± 1.41 | 54.00 ± 1.41 | 80.00 ± 0.00 | 6.00 ± 0.00 |
| pair | y\\|&lt;b> | 54.00 ± 4.24 | 53.50 ± 3.54 | 66.00 ± 5.66 | 56.00 ± 5.66 | 80.00 ± 0.00 | 6.00 ± 0.00 |

## Cost of a run: mean over seeds

training steps: their wall time, without validation; images/s: training images a second, each seen by all networks

| group | method | training steps, s | images/s |
| --- | --- | --- | --- |
| pair | x | 10.5 | 150 |
| pair | y\\|&lt;b> | 10.5 | 150 |

## Differences over equal seeds, points on the test split: mean of the networks, last epoch

p: paired t test; p (Holm): adjusted for all pairs of the group; detectable: the smallest true difference that as many seeds with this spread tell from zero with 80 % power, (t(0.975, n−1) + t(0.8, n−1)) · sd / √n, before adjustment

| group | methods | seeds | difference | 95 % interval | p | p (Holm) | detectable | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| pair | y\\|&lt;b> − x | 2 | +2.00 | −10.71 to +14.71 | 0.295 | 0.295 | 14.08 | not distinguishable from zero at 2 seeds |

## Differences in other measures on the test split, points [95 % interval]

each interval by itself, without adjustment

| group | methods | mean-best | winner-best | ensemble-last | ensemble-best | top-5 | ECE |
| --- | --- | --- | --- | --- | --- | --- | --- |
| pair | y\\|&lt;b> − x | +2.00 [−10.71, +14.71] | +2.50 [−3.85, +8.85] | +2.00 [−36.12, +40.12] | +2.00 [−36.12, +40.12] | 0.00 | 0.00 |

## What the methods are

the same for all: rule argmin; alpha 1; beta 0; featureReduction mean; featureProjection false; temperature 1; inputPerturbation none; parameterPerturbation none; teacher none; labelSmoothing 0

| method | preset |
| --- | --- |
| x | none |
| y\\|&lt;b> | none |

## In words

- pair: y\\|&lt;b> against x: +2.00 points (95 % interval −10.71 to +14.71): not distinguishable from zero at 2 seeds; detectable with 80 % power: 14.08 points.
`);
  });

  it('have no differences where there is one method', () => {
    const text = toMarkdown('one', [], compareRuns(RUNS.slice(0, 1), 'mean-last'));
    expect(text).toContain('| pair | x | 1 | 60.00 | 58.00 / 62.00 |');
    expect(text).not.toMatch(/Differences|In words/);
  });
});

describe('the results as a page', () => {
  const page = toPage('<small>', ['of "here"'], compareRuns(RUNS, 'mean-last'));
  const figures = page.match(/<figure>.*?<\/figure>/gs) ?? [];

  it('is one file of well-formed elements, with names as they are', () => {
    expect(page).toContain('<h1>&lt;small&gt;</h1>');
    expect(page).toContain('y|&lt;b&gt; − x');
    expect(page).not.toContain('<b>');
    expect(page).not.toMatch(/https?:|<script|<link|NaN|undefined/);
    const open: string[] = [];
    for (const [, close, name = '', alone] of page.slice(15).matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!alone && name !== 'meta') open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('draws means and intervals to scale, with the unit', () => {
    const [values = '', gaps = ''] = figures;
    expect([figures.length, values.includes('>top-1, %<'), gaps.includes('>difference, points<')]).toEqual([
      2,
      true,
      true,
    ]);
    // Ticks by 20 from 20 to 120 over 640 units; intervals 36.59 to 87.41 and 25.88 to 102.12.
    const ticks = [...values.matchAll(/<text class="dim" x="([\d.]+)" [^>]*>(\d+)</g)].map(([, x, tick]) => [
      Number(x),
      Number(tick),
    ]);
    expect(ticks.map(([, tick]) => tick)).toEqual([20, 40, 60, 80, 100, 120]);
    const from = ticks[0]?.[0] as number;
    const to = (value: number) => from + ((value - 20) / 100) * 640;
    const dots = [...values.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(dots).toEqual([expect.closeTo(to(62), 0), expect.closeTo(to(64), 0)]);
    const whiskers = [...values.matchAll(/<line class="mark" x1="([\d.]+)" y1="(\d+)" x2="([\d.]+)" y2="(\d+)"/g)]
      .map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number])
      .filter(([x1, , x2]) => x1 !== x2);
    expect(whiskers.map(([x1, , x2]) => [x1, x2])).toEqual([
      [expect.closeTo(to(36.59), 0), expect.closeTo(to(87.41), 0)],
      [expect.closeTo(to(25.88), 0), expect.closeTo(to(102.12), 0)],
    ]);
    expect(values).not.toContain('class="zero"');
    expect(gaps.match(/class="zero"/g)).toHaveLength(1);
  });

  it('gives labels the room that they need, with the group where there are several', () => {
    const long = 'a group of networks with a very long name that goes on and on';
    const runs = [...RUNS, finished('x', 0, { group: long, last: [50, 50, 50] })];
    const [first = ''] = toPage('two', [], compareRuns(runs, 'mean-last')).match(/<figure>.*?<\/figure>/s) ?? [];
    const labels = [...first.matchAll(/<text x="([\d.]+)" [^>]*text-anchor="end">([^<]*)</g)];
    expect(labels.map(([, , label]) => label)).toEqual(['pair: x', 'pair: y|&lt;b&gt;', `${long}: x`]);
    for (const [, x, label = ''] of labels) expect(Number(x)).toBeGreaterThan(7.5 * label.length);
  });

  it('draws learning curves to scale, each with its name', () => {
    const curves = [
      { group: 'pair', method: 'x', accuracy: [20, 50, 60] },
      { group: 'pair', method: 'y|<b>', accuracy: [20, 40, 70] },
      { group: 'short', method: 'x', accuracy: [20] },
    ];
    const drawn = toPage('curves', [], compareRuns(RUNS, 'mean-last'), curves);
    const [, , own = '', ...more] = drawn.match(/<figure>.*?<\/figure>/gs) ?? [];
    expect(more).toEqual([]);
    // From 20 to 70 over 240 units from above, epochs 1 to 3 over 640.
    const points = [...own.matchAll(/class="curve" points="([^"]*)"/g)].map(([, text]) => text);
    expect(points).toEqual(['48,248 368,104 688,56', '48,248 368,152 688,8']);
    expect([...own.matchAll(/<text x="[^>]*>([^<]*)</g)].map(([, label]) => label)).toEqual(['x', 'y|&lt;b&gt;']);
    expect(own).toContain('pair: top-1 on the validation split after each epoch, %');
    expect(page).not.toContain('Learning curves');
  });
});
