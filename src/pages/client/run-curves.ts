import type { RunCurves } from '../content/listed-run.js';
import type { Chart, ChartLine } from '../show/charts.js';
import { nameHtml } from '../show/html.js';
import { MEASURES } from '../show/runs.js';
import { drawPlots } from './plots.js';
import type { RunsState } from './run-choices.js';

/** Fetches the curves of chosen runs that have come further. */
export async function fetchCurves(state: RunsState): Promise<void> {
  const due = state.runs.filter(({ id, epochs }) => state.chosen.has(id) && state.curves.get(id)?.epochs !== epochs);
  await Promise.all(
    due.map(async ({ id, epochs }) => {
      const answer = await fetch(`runs/${id}/curves.json`, { cache: 'no-store' }).catch(() => undefined);
      if (answer?.ok) state.curves.set(id, { epochs, curves: (await answer.json()) as RunCurves });
    }),
  );
}

/** Draws the curves of the chosen runs over each other. */
export function drawCurves(state: RunsState): void {
  const chart = chartOf(state);
  drawPlots(document.body, chart.lines.length > 0 ? [chart] : []);
  const legend = document.querySelector('[data-legend]');
  if (!legend) return;
  const entries = chart.lines.map(({ label, network, dashed }) => {
    const sample = `<svg class="sample c${network}${dashed ? ' dashed' : ''}" viewBox="0 0 24 4" aria-hidden="true"><line x2="24" y1="2" y2="2"/></svg>`;
    return `<li>${sample}${nameHtml(label, 80)}</li>`;
  });
  legend.innerHTML = entries.length > 0 ? entries.join('') : '<li>No run is chosen that has finished an epoch.</li>';
}

function chartOf(state: RunsState): Chart {
  const shown = state.runs.flatMap((run) => {
    const [colour, fetched] = [state.chosen.get(run.id), state.curves.get(run.id)];
    if (colour === undefined || !fetched) return [];
    const best = fetched.curves.networks.findIndex(({ label }) => label === run.best?.network);
    return [{ name: run.name, colour, curves: fetched.curves, best: Math.max(0, best) }];
  });
  const places = [...new Set(shown.flatMap(({ curves }) => curves.epochs))].sort((a, b) => a - b);
  const lines = shown.flatMap(({ name, colour, curves, best }) => linesOf(name, colour, curves, best, places, state));
  const shares = state.measure === 'validationScore' || state.measure === 'accuracy';
  return { id: 'runs', title: MEASURES[state.measure], along: 'epoch', places, lines, shares };
}

/** The lines of a run: others than that of its best network are dashed. */
function linesOf(
  name: string,
  colour: number,
  { epochs, networks }: RunCurves,
  best: number,
  places: readonly number[],
  { measure, all }: RunsState,
): ChartLine[] {
  return networks.flatMap((network, i) => {
    if (!all && i !== best) return [];
    const own = new Map(epochs.map((epoch, at) => [epoch, network[measure][at] ?? null]));
    const values = places.map((place) => own.get(place) ?? null);
    return [{ label: `${name}: ${network.label}`, network: colour, dashed: i !== best, values }];
  });
}
