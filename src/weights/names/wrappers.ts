import type { Tensor } from '../../onnx/tensor.js';

/** What data-parallel, compiled and Lightning's modules put before each name. */
const WRAPPERS = /^(?:(?:_orig_mod|module|model|net|network|backbone)\.)+/;
/** The same before the names of a smoothed (EMA) copy. */
const SMOOTHED = /^(?:model_ema|ema_model|ema)\.(?:(?:_orig_mod|module|model)\.)*/;
/** Counts of batches: no part of what a network computes. */
const COUNTERS = /(?:^|\.)(?:num_batches_tracked|n_averaged)$/;

/** A tensor of a file and its name there. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Tensors by the name that a network may know them by. */
export interface Unwrapped {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** A smoothed copy stood beside other weights and is taken. */
  readonly smoothed: boolean;
}

/** The tensors of a file under their own names, without counters. */
export function plainNames(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, NamedTensor> {
  const kept = [...tensors].filter(([name]) => !COUNTERS.test(name));
  return new Map(kept.map(([name, tensor]) => [name, { name, tensor }]));
}

/** The tensors of a file without what wrappers put before their names. A smoothed copy goes first, then names with less before them. */
export function unwrap(plain: ReadonlyMap<string, NamedTensor>): Unwrapped {
  const named = [...plain.values()].map((each) => ({ each, ...bareName(each.name) }));
  const tensors = new Map<string, NamedTensor>();
  for (const { each, bare } of named.toSorted((a, b) => a.rank - b.rank))
    if (!tensors.has(bare)) tensors.set(bare, each);
  return { tensors, smoothed: named.some(({ rank }) => rank < 0) };
}

function bareName(name: string): { bare: string; rank: number } {
  const smoothed = name.replace(SMOOTHED, '');
  if (smoothed !== name) return { bare: smoothed, rank: -1 };
  const bare = name.replace(WRAPPERS, '');
  return { bare, rank: name.length - bare.length };
}
