import { ownEntry } from '../../util/own-entry.js';
import type { Graph } from '../graph.js';
import { isKnownOperator } from '../infer/infer.js';
import * as activation from './activation.js';
import * as arithmetic from './arithmetic.js';
import { type Call, drop, type Upgrades } from './call.js';
import * as newer from './newer.js';
import * as normalisation from './normalisation.js';
import * as reduction from './reduction.js';
import * as reshaping from './reshaping.js';

/** Upgrades are constants named like their operator: the folder's exports are the registry. */
const UPGRADES: Readonly<Record<string, Upgrades>> = {
  ...activation,
  ...arithmetic,
  ...normalisation,
  ...reduction,
  ...reshaping,
};
const NEWER: Readonly<Record<string, (call: Call, graph: Graph) => Call>> = { ...newer };

/** Operators that graphs don't have: import makes them others. */
export function rewrittenOperators(): string[] {
  return Object.keys(NEWER).filter((op) => !isKnownOperator(op));
}

/** Up to operator set 5 any operator may say which inputs it overwrites; that never meant anything. */
const CONSUMED_UNTIL = 6;

/** A call of an ONNX operator of operator set `version` in the form that {@link OPSET} has. */
export function upgrade(call: Call, version: number, graph: Graph): Call {
  if (call.node.domain !== '') return call;
  let result = version < CONSUMED_UNTIL ? drop('consumed_inputs')(call, graph) : call;
  const steps = Object.entries(ownEntry(UPGRADES, call.node.op) ?? {}).filter(([since]) => Number(since) > version);
  for (const [, step] of steps.sort(([a], [b]) => Number(a) - Number(b))) result = step(result, graph);
  return ownEntry(NEWER, result.node.op)?.(result, graph) ?? result;
}
