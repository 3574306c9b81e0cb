import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { type Command, Option } from 'commander';
import type { ReportData } from '../../pages/content/report-data.js';
import { colorsFor } from '../../report/output.js';
import { writeAssessment } from '../../store/assessment.js';
import { runPaths } from '../../store/run-folder.js';
import { AgonError } from '../../util/error.js';
import { printable } from '../../util/printable.js';
import { jsonOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';

interface ReportOptions {
  readonly out?: string;
  readonly json?: true;
}

/** Where a page of several runs goes unless it is said. */
const COMPARISON = 'runs.html';

/** `agon report` */
export function define(command: Command, io: CliIo): void {
  command
    .argument('<runs...>', 'folders of runs; of several, one page that holds them against each other')
    .addOption(
      new Option('--out <file>', `the page's file (report.html in the run's folder; of several runs ${COMPARISON})`),
    )
    .addOption(jsonOption())
    .action(async (folders: readonly string[], options: ReportOptions) => {
      const [folder, ...others] = folders as [string, ...string[]];
      await (others.length === 0 ? reportRun(folder, options, io) : reportRuns(folders, options, io));
    });
}

async function reportRun(folder: string, { out, json }: ReportOptions, io: CliIo): Promise<void> {
  const { writeReport } = await import('../../pages/write-report.js');
  await assessIfMissing(folder, io);
  const { path, data } = await writeReport(folder, out);
  if (json) writeJson(io.stdout, { path, ...withoutPictures(data) });
  else writeLines(io.stdout, ...(await answerLines(data, io)), '', `report    ${printable(path)}`);
}

/** Assesses a finished run that has no assessment yet. Where its data are gone, the report goes without. */
async function assessIfMissing(folder: string, { stderr, env }: CliIo): Promise<void> {
  const { yellow, dim } = colorsFor(stderr, env);
  const { assessment, result } = runPaths(folder);
  if (existsSync(assessment) || !existsSync(result)) return;
  const warn = (message: string) => writeLines(stderr, yellow(printable(`warning: ${message}`)));
  writeLines(stderr, dim('assessing the run, which has no assessment yet'));
  try {
    const { assessRun } = await import('../../evaluate/assess-run.js');
    await writeAssessment(assessment, await assessRun(folder, { checkpoint: 'best', onWarning: warn }));
  } catch (error) {
    if (!(error instanceof AgonError)) throw error;
    warn(`without an assessment, as its images can't be had: ${error.message}`);
  }
}

async function reportRuns(
  folders: readonly string[],
  { out = COMPARISON, json }: ReportOptions,
  io: CliIo,
): Promise<void> {
  const [{ readReportData }, { comparisonPage }, { writeFileWhole }] = await Promise.all([
    import('../../pages/data/read-report.js'),
    import('../../pages/compared/comparison-page.js'),
    import('../../util/files/files.js'),
  ]);
  const runs = [];
  for (const folder of folders) {
    const { report } = runPaths(folder);
    runs.push({ data: await readReportData(folder), ...(existsSync(report) && { report: addressOf(out, report) }) });
  }
  await writeFileWhole(out, await comparisonPage(runs));
  if (json) writeJson(io.stdout, { path: out, runs: runs.map(({ data }) => withoutPictures(data)) });
  else writeLines(io.stdout, `report    ${printable(out)}`);
}

/** The address of a file in a page that is in another. */
function addressOf(page: string, file: string): string {
  const path = relative(dirname(resolve(page)), resolve(file));
  return path.split(sep).map(encodeURIComponent).join('/');
}

async function answerLines({ answers }: ReportData, { stdout, env }: CliIo): Promise<string[]> {
  const { plainText } = await import('../../pages/answers/said.js');
  const { dim } = colorsFor(stdout, env);
  return answers.flatMap(({ question, answer }) => [dim(question), `  ${printable(plainText(answer))}`]);
}

/** Pictures are for eyes. */
function withoutPictures({ assessment, ...data }: ReportData) {
  if (!assessment) return data;
  const { pictures, ...rest } = assessment;
  return { ...data, assessment: { ...rest, pictures: pictures.map(({ name, labels }) => ({ name, labels })) } };
}
