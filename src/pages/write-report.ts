import { runPaths } from '../store/run-folder.js';
import { writeFileWhole } from '../util/files/files.js';
import type { ReportData } from './content/report-data.js';
import { readReportData } from './data/read-report.js';
import { reportPage } from './page/report-page.js';

/**
 * Writes the report of a run from what its folder says.
 *
 * @param folder - Of the run, which may be unfinished.
 * @param path - Where to; `report.html` in the folder unless it is said.
 * @returns Where it is.
 */
export async function writeReport(
  folder: string,
  path = runPaths(folder).report,
): Promise<{ readonly path: string; readonly data: ReportData }> {
  const data = await readReportData(folder);
  await writeFileWhole(path, await reportPage(data));
  return { path, data };
}
