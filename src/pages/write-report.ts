import { runPaths } from '../store/run-folder.js';
import { writeFileWhole } from '../util/files/files.js';
import type { ReportData } from './content/report-data.js';
import { readReportData } from './data/read-report.js';
import { reportPage } from './page/report-page.js';

/**
 * Writes the report of a run, `report.html`, into its folder, from what the folder says.
 *
 * @param folder - Of the run, which may be unfinished.
 * @returns Where it is.
 */
export async function writeReport(folder: string): Promise<{ readonly path: string; readonly data: ReportData }> {
  const path = runPaths(folder).report;
  const data = await readReportData(folder);
  await writeFileWhole(path, await reportPage(data));
  return { path, data };
}
