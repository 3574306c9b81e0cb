import { AGON, MICROSOFT, NCHWC } from '../graph/node/node.js';
import { ownEntry } from '../util/own-entry.js';
import type { RuleEntry } from './rule/rule.js';
import * as activation from './rules/activation.js';
import * as blocks from './rules/blocks.js';
import * as detach from './rules/detach.js';
import * as elementwise from './rules/elementwise.js';
import * as gather from './rules/gather.js';
import * as image from './rules/image.js';
import * as linear from './rules/linear.js';
import * as localResponse from './rules/local-response.js';
import { BLOCKED, ONNX, RUNTIME, SEMANTIC } from './rules/none.js';
import * as normalisation from './rules/normalisation.js';
import * as reduction from './rules/reduction.js';
import * as reshaping from './rules/reshaping.js';
import * as selfNormalising from './rules/self-normalising.js';
import * as sloped from './rules/sloped.js';
import * as softmax from './rules/softmax.js';
import * as sums from './rules/sums.js';
import * as transposed from './rules/transposed.js';

const { BatchNormTraining, ...ofImages } = image;

/** Every operator that shape inference knows, by domain, with its rule or with why it has none. */
const ENTRIES: Readonly<Record<string, Readonly<Record<string, RuleEntry>>>> = {
  '': {
    ...activation,
    ...blocks,
    ...elementwise,
    ...gather,
    ...linear,
    ...localResponse,
    ...normalisation,
    ...ofImages,
    ...reduction,
    ...reshaping,
    ...selfNormalising,
    ...sloped,
    ...softmax,
    ...sums,
    ...transposed,
    ...ONNX,
  },
  [AGON]: { BatchNormTraining, ...detach, ...SEMANTIC },
  [MICROSOFT]: RUNTIME,
  [NCHWC]: BLOCKED,
};

/** An operator's rule, or the mark that it has none; undefined for one that the registry doesn't have. */
export function ruleEntry(op: string, domain = ''): RuleEntry | undefined {
  return ownEntry(ownEntry(ENTRIES, domain) ?? {}, op);
}

/** Whether gradients pass through this operator. */
export function hasGradientRule(op: string, domain = ''): boolean {
  return typeof ruleEntry(op, domain) === 'function';
}

/** Every operator of a domain with an entry: a rule, or the mark that it has none. */
export function operatorsWithEntry(domain = ''): string[] {
  return Object.keys(ownEntry(ENTRIES, domain) ?? {});
}
