import './base.css';
import './style.css';
import './runs.css';
import type { ListedRun } from '../content/listed-run.js';
import { follow } from './live.js';
import { chooseAtFirst, listenToChoices, type RunsState, update } from './run-choices.js';
import { drawCurves, fetchCurves } from './run-curves.js';
import { listenToHeadings } from './sorting.js';
import { jsonOf } from './state.js';

function begin(runs: readonly ListedRun[]): void {
  const state: RunsState = {
    runs,
    chosen: new Map(),
    curves: new Map(),
    filter: '',
    measure: 'validationScore',
    all: false,
  };
  const refresh = () => {
    update(state);
    void fetchCurves(state).then(() => drawCurves(state));
  };
  listenToHeadings();
  listenToChoices(state, refresh);
  chooseAtFirst(state);
  refresh();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawCurves(state));
  follow<readonly ListedRun[]>({ events: 'events', data: 'runs.json' }, (news) => {
    state.runs = news;
    refresh();
  });
}

const runs = jsonOf('listed-runs') as readonly ListedRun[] | undefined;
if (runs) begin(runs);
