import type { Graph } from '../../graph/graph.js';
import type { WeightsFile } from '../files/weights-file.js';
import { timmNames } from './timm.js';
import { type NamedTensor, plainNames, unwrap } from './wrappers.js';

/** A way to read a file's names as a network's. */
export interface Reading {
  readonly names: 'own' | 'timm';
  /** The file's tensors by the network's parameter names. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly smoothed: boolean;
}

/** The names of a graph's parameters that weights have: those it learns and keeps. */
export function parameterNames(graph: Graph): string[] {
  return [...graph.parameters].filter(([, { role }]) => role !== 'optimizer').map(([name]) => name);
}

/** Tensors that a file offers to a network: all but counters. */
export function offeredBy(file: Pick<WeightsFile, 'tensors'>): readonly NamedTensor[] {
  return [...plainNames(file.tensors).values()];
}

/** The reading under which most of the network's parameters have a tensor; its own names before timm's. */
export function bestReading(graph: Graph, file: Pick<WeightsFile, 'tensors'>): Reading {
  const plain = plainNames(file.tensors);
  const unwrapped = unwrap(plain);
  const names = parameterNames(graph);
  const timm = timmNames(names);
  const sources = [{ tensors: plain, smoothed: false }, unwrapped];
  const readings = sources.flatMap(({ tensors, smoothed }): Reading[] => [
    { names: 'own', tensors: pick(names, (name) => tensors.get(name)), smoothed },
    { names: 'timm', tensors: pick(names, (name) => tensors.get(timm.get(name) ?? '')), smoothed },
  ]);
  return readings.reduce((best, next) => (next.tensors.size > best.tensors.size ? next : best));
}

function pick(names: readonly string[], find: (name: string) => NamedTensor | undefined): Map<string, NamedTensor> {
  return new Map(
    names
      .map((name) => [name, find(name)] as const)
      .filter((entry): entry is [string, NamedTensor] => entry[1] !== undefined),
  );
}
