import type { ReportData } from '../content/report-data.js';
import { renderReport } from '../show/report.js';
import { clientAssets } from './client-assets.js';
import { pageDocument } from './document.js';

/** Where a page that is live gets what has changed: addresses on the server that it came from. */
export interface LivePage {
  /**
   * Of server-sent events: each message of the type `change` makes the page fetch its data anew (once a second at most), `end` says that
   * the run has ended and no more will come.
   */
  readonly events: string;
  /** Of the run's {@link ReportData} as JSON. */
  readonly data: string;
}

/** A run's report as one self-contained HTML page; with `live`, one that follows the run. */
export async function reportPage(data: ReportData, { live }: { readonly live?: LivePage } = {}): Promise<string> {
  return pageDocument({
    title: `${data.name}: report`,
    body: `<div id="report">${renderReport(data)}</div>`,
    data: { 'report-data': data, ...(live && { 'report-live': live }) },
    client: await clientAssets('pages/client/main'),
    connects: live !== undefined,
  });
}
