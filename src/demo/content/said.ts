import type { BrowserTraining } from '../../browser/training.js';
import { formatNumberOf, formatPercent } from '../../report/format.js';
import { bestOf } from '../../store/best-network.js';
import type { History } from './history.js';

/** Where a training is computed, in words; of the processor by how many threads, and why by one alone. */
export function whereText(
  { provider, threads }: Pick<BrowserTraining, 'provider' | 'threads'>,
  isolated: boolean,
): string {
  if (provider === 'webgpu') return 'ONNX Runtime WebGPU, on the graphics card';
  return `ONNX Runtime WebAssembly, on the processor, ${threadsText(threads, isolated)}`;
}

function threadsText(threads: number, isolated: boolean): string {
  if (threads > 1) return `${threads} threads`;
  return isolated ? 'one thread' : 'one thread: browsers give more to pages from this machine or over https alone';
}

/** How far a training is. */
export function progressText(history: History, epochs: number): string {
  const { last, start } = history;
  if (!last || !start) return 'beginning';
  return `epoch ${last.epoch + 1} of ${epochs}, step ${last.step + 1} of ${start.stepsPerEpoch}`;
}

/** The share of its steps that a training has done, in [0, 1]. */
export function progressShare(history: History, epochs: number): number {
  const { last, start } = history;
  if (!last || !start) return 0;
  return Math.min(1, (last.epoch + (last.step + 1) / start.stepsPerEpoch) / Math.max(1, epochs));
}

/** Which network has recognised most held-out pictures, at its best epoch. */
export function leaderText(history: History, epochs: number): string {
  const scored = (history.view(epochs)?.epochs ?? []).flatMap(({ networks }) => {
    return networks.flatMap(({ validation }, network) => (validation ? [{ network, validation }] : []));
  });
  const best = scored[bestOf(scored.map(({ validation }) => validation))];
  if (!best) return '';
  const share = formatPercent(best.validation.accuracy, 0);
  return `Best so far: ${history.labels[best.network] ?? ''}, ${share} of the held-out pictures right.`;
}

/** What a training would learn from. */
export function readyText(counts: readonly number[]): string {
  const pictures = counts.reduce((sum, count) => sum + count, 0);
  return `Ready: ${formatNumberOf(pictures, 'picture')} of ${counts.length} classes.`;
}

/** What networks begin with. */
export function weightsText(names: readonly string[]): string {
  return names.length === 0 ? 'random weights' : `weights that know photographs: ${[...new Set(names)].join(', ')}`;
}
