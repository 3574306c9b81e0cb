import { clientAssets } from '../page/client-assets.js';
import { pageDocument } from '../page/document.js';
import { type ComparedRun, comparedCharts, renderComparison } from './comparison.js';

/** A page that holds several runs against each other: their measures, their curves, the settings in which they differ. */
export async function comparisonPage(runs: readonly ComparedRun[]): Promise<string> {
  const charts = comparedCharts(runs);
  return pageDocument({
    title: `${runs.length} runs`,
    body: renderComparison(runs, charts),
    data: { charts },
    client: await clientAssets('pages/client/main'),
    connects: false,
  });
}
