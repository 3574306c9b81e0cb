import type { ListedRun } from '../content/listed-run.js';
import { renderRuns } from '../show/runs.js';
import { clientAssets } from './client-assets.js';
import { pageDocument } from './document.js';

/** A page that lists runs and follows them, for a server that has what `src/serve/list` says. */
export async function runsPage(runs: readonly ListedRun[]): Promise<string> {
  return pageDocument({
    title: 'Agon: runs',
    body: `<div id="report">${renderRuns(runs)}</div>`,
    data: { 'listed-runs': runs },
    client: await clientAssets('pages/client/runs'),
    connects: true,
  });
}
