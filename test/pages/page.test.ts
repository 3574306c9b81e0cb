import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparisonPage } from '../../src/pages/compared/comparison-page.js';
import type { ReportData } from '../../src/pages/content/report-data.js';
import { readReportData } from '../../src/pages/data/read-report.js';
import { clientAssets } from '../../src/pages/page/client-assets.js';
import { reportPage } from '../../src/pages/page/report-page.js';
import { reportSections } from '../../src/pages/show/report.js';
import { writeReport } from '../../src/pages/write-report.js';
import { makeUpRun } from '../support/report/run-folder.js';

let folder: string;
let data: ReportData;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-pages-'));
  await makeUpRun(join(folder, 'hostile'), { classes: 100, networks: 3, hostile: true });
  data = await readReportData(join(folder, 'hostile'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const idsOf = (run: ReportData) => reportSections(run).map(({ id }) => id);

describe('the page of a run', () => {
  it('is one file from which no request leaves', async () => {
    const page = await reportPage(data);
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy).toMatch(
      /^default-src &#39;none&#39;; img-src data:; script-src &#39;sha256-[^ ]+&#39;; style-src &#39;sha256-[^ ]+&#39;; base-uri/,
    );
    const markup = page.replaceAll(/<script[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>/g, '');
    expect(markup.match(/\b(?:src|href|action)="(?!#|data:)[^"]*"/g)).toBeNull();
    expect((await clientAssets('pages/client/main')).style).not.toMatch(/url\(|@import/);
  });

  it('connects to its own server only where it is live', async () => {
    const page = await reportPage(data, { live: { events: 'events', data: 'data.json' } });
    expect(page).toContain('connect-src &#39;self&#39;');
    expect(page).toContain(
      '<script type="application/json" id="report-live">{"events":"events","data":"data.json"}</script>',
    );
  });

  it('keeps names harmless', async () => {
    const page = await reportPage(data);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toMatch(/<img src=x|<b>c<|<b>are/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    const markup = page.slice(0, page.indexOf('<script'));
    expect(markup).not.toMatch(/[\u202e\u2066]/);
    expect(markup).not.toContain(`${'x'.repeat(100)}<`);
  });

  it('weighs less than a megabyte without pictures, with 100 classes', async () => {
    const bare = {
      ...data,
      ...(data.assessment && {
        assessment: { ...data.assessment, pictures: [], worst: [], uncertain: [], labelErrors: [] },
      }),
    };
    expect(Buffer.byteLength(await reportPage(bare))).toBeLessThan(1e6);
  });

  it('has all sections, each with a heading of its own', () => {
    expect(idsOf(data)).toEqual([
      ...[
        'answers',
        'networks',
        'curves',
        'competition',
        'confusion',
        'classes',
        'calibration',
        'label-errors',
        'mistakes',
      ],
      ...['data', 'messages', 'cost', 'settings', 'environment', 'repeat'],
    ]);
    expect(data.answers.map(({ section }) => section)).toEqual([
      'networks',
      'confusion',
      'calibration',
      'label-errors',
      'curves',
    ]);
  });

  it('does without what an unfinished run lacks', async () => {
    await makeUpRun(join(folder, 'unfinished'), { classes: 3, networks: 1, finished: false });
    const run = await readReportData(join(folder, 'unfinished'));
    expect(idsOf(run)).toEqual([
      'answers',
      'curves',
      'competition',
      'data',
      'messages',
      'cost',
      'settings',
      'environment',
      'repeat',
    ]);
    expect(run.answers.map(({ tone }) => tone)).toEqual(['neutral', 'attention']);
  });

  it('has no confusion matrix where an image may have several classes', async () => {
    await makeUpRun(join(folder, 'multi'), { classes: 3, task: 'multi-label' });
    const run = await readReportData(join(folder, 'multi'));
    expect(idsOf(run)).not.toContain('confusion');
    expect(run.answers[1]?.question).toBe('Which classes are hard?');
  });

  it('is written into the folder', async () => {
    const { path } = await writeReport(join(folder, 'unfinished'));
    expect(path).toBe(join(folder, 'unfinished', 'report.html'));
    expect(await readFile(path, 'utf8')).toMatch(/^<!doctype html>/);
  });
});

it('several runs are held against each other on one page', async () => {
  const other = {
    ...data,
    name: 'other',
    settings: data.settings.map((each) => (each.name === 'epochs' ? { ...each, value: '99' } : each)),
  };
  const page = await comparisonPage([{ data, report: 'a/report.html' }, { data: other }]);
  expect(page).toContain('<a href="a/report.html">');
  const differences = page.slice(page.indexOf('id="differences"'), page.indexOf('</main>'));
  expect(differences.match(/<th scope="row">/g)).toHaveLength(1);
  expect(differences).toContain('<bdi>99</bdi>');
});
