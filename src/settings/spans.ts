import { present } from '../util/error.js';
import type { Settings } from './settings.js';

/** Epochs of a run in which the same layers are trained. */
export interface Span {
  /** From this epoch, counted from 0, up to the one before `end`. */
  readonly begin: number;
  readonly end: number;
  /** Which layers stay as they are, as the setting `freeze` says it. */
  readonly freeze: string;
  /** Whether the heads are trained on features that are computed once. */
  readonly onFeatures: boolean;
}

type Spanned = Pick<Settings, 'freeze' | 'unfreezeAt' | 'epochs' | 'featureCache'>;

/** The spans of a run: one, or that of the heads alone and the one of all that is trained. */
export function spansOf({ freeze, unfreezeAt, epochs, featureCache }: Spanned): Span[] {
  const span = (begin: number, end: number, frozen: string): Span => {
    return { begin, end, freeze: frozen, onFeatures: frozen === 'backbone' && featureCache !== 'none' };
  };
  if (unfreezeAt === null) return [span(0, epochs, freeze)];
  const heads = span(0, Math.min(unfreezeAt, epochs), 'backbone');
  return unfreezeAt < epochs ? [heads, span(unfreezeAt, epochs, freeze === 'backbone' ? 'none' : freeze)] : [heads];
}

/** The span that an epoch is in; after the last epoch, the last. */
export function spanAt(settings: Spanned, epoch: number): Span {
  const spans = spansOf(settings);
  return present(spans.find(({ end }) => epoch < end) ?? spans.at(-1), 'a span');
}

/** The span whose steps a run at some place has done last: at its begin, the first. */
export function spanBefore(
  settings: Spanned,
  { epoch, step }: { readonly epoch: number; readonly step: number },
): Span {
  return spanAt(settings, step > 0 ? epoch : Math.max(0, epoch - 1));
}
