import { AGON, type Node } from '../../graph/node/node.js';
import { ownEntry } from '../../util/own-entry.js';
import type { LayoutRule } from './blocked/layout.js';
import * as convolution from './rules/convolution.js';
import * as elementwise from './rules/elementwise.js';
import { type Leaves, ONNX, SEMANTIC } from './rules/leaves.js';
import * as normalisation from './rules/normalisation.js';
import * as pooling from './rules/pooling.js';

const { ConvInputGrad, ConvWeightGrad, ...convolutions } = convolution;
const { ClipGrad, Detach, ReluGrad, ...elementwises } = elementwise;
const { MaxPoolGrad, ...poolings } = pooling;

/** Every operator of a graph that is lowered, by domain: how it is done in the blocked layout, or why it leaves that. */
const ENTRIES: Readonly<Record<string, Readonly<Record<string, LayoutRule | Leaves>>>> = {
  '': { ...convolutions, ...elementwises, ...poolings, ...ONNX },
  [AGON]: { ClipGrad, ConvInputGrad, ConvWeightGrad, Detach, MaxPoolGrad, ReluGrad, ...normalisation, ...SEMANTIC },
};

/** An operator's rule for the blocked layout, or the mark that it leaves it; undefined for one that the registry doesn't have. */
export function layoutEntry(op: string, domain = ''): LayoutRule | Leaves | undefined {
  return ownEntry(ownEntry(ENTRIES, domain) ?? {}, op);
}

export function layoutRule({ op, domain }: Node): LayoutRule | undefined {
  const entry = layoutEntry(op, domain);
  return typeof entry === 'function' ? entry : undefined;
}

/** Every operator of a domain with an entry. */
export function operatorsWithLayout(domain = ''): string[] {
  return Object.keys(ownEntry(ENTRIES, domain) ?? {});
}
