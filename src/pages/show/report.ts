import { toHtml } from '../../util/markup.js';
import type { ReportData } from '../data/report-data.js';

/** The body of a run's report as HTML. Pure: the same in Node.js and in a browser. */
export function renderReport(data: ReportData): string {
  return `<main><h1>${toHtml(data.name)}</h1></main>`;
}
