import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { scoreOf } from '../../events/evaluation.js';
import type { ListedRun, RunCurves } from '../../pages/content/listed-run.js';
import { runPaths } from '../../store/run-folder.js';
import type { Follower } from '../run/follower.js';
import type { LoggedEpoch } from '../run/logged-events.js';

/** What the list says of a run. */
export async function listedRun(
  id: string,
  name: string,
  { folder, state, activity, fault }: Follower,
): Promise<ListedRun> {
  const { start, labels, epochs, progress } = state;
  return {
    id,
    name,
    state: fault !== undefined || activity === 'gone' ? 'unreadable' : activity,
    networks: labels,
    data: basename(start?.data.name ?? ''),
    epochs: epochs.length,
    of: start?.settings.epochs ?? null,
    best: bestOf(epochs, labels),
    started: await beginOf(folder),
    secondsLeft: (activity === 'running' && finite(progress?.secondsLeft ?? undefined)) || null,
    ...(fault !== undefined && { fault }),
  };
}

/** What a run came to, epoch by epoch. */
export function curvesOf(id: string, { state: { labels, epochs } }: Follower): RunCurves {
  const of = (network: number, value: (own: LoggedEpoch['networks'][number]) => number | undefined) =>
    epochs.map(({ networks }) => finite(networks[network] && value(networks[network])));
  return {
    id,
    epochs: epochs.map(({ epoch }) => epoch + 1),
    networks: labels.map((label, i) => ({
      label,
      loss: of(i, ({ loss }) => loss),
      accuracy: of(i, ({ accuracy }) => accuracy),
      validationLoss: of(i, ({ validation }) => validation?.loss),
      validationScore: of(i, ({ validation }) => validation && scoreOf(validation)),
    })),
  };
}

const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);

function bestOf(epochs: readonly LoggedEpoch[], labels: readonly string[]): ListedRun['best'] {
  const all = epochs.flatMap(({ epoch, networks }) => {
    return networks.flatMap(({ validation }, i) => {
      const score = finite(validation && scoreOf(validation));
      return score === null ? [] : [{ score, network: labels[i] ?? '', epoch: epoch + 1 }];
    });
  });
  return all.reduce<ListedRun['best']>((best, each) => (best && best.score >= each.score ? best : each), null);
}

/** A file of a run that no going on replaces; file systems that don't know births say 0. */
async function beginOf(folder: string): Promise<number | null> {
  const { lineage, config } = runPaths(folder);
  for (const path of [lineage, config]) {
    const info = await stat(path).catch(() => undefined);
    if (info) return Math.round(info.birthtimeMs > 0 ? info.birthtimeMs : info.mtimeMs);
  }
  return null;
}
