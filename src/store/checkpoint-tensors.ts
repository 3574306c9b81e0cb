import { NETWORK_STATES } from '../distill/names.js';
import { networkPrefix } from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import { formatShape, sameShape } from '../graph/node/dim.js';
import type { Tensor } from '../onnx/tensor.js';
import { fail, present } from '../util/error.js';
import { RESTORE } from './checkpoint-check.js';
import { type Checkpoint, type CheckpointHeader, TRIAL_PREFIX } from './checkpoint-format.js';

type Where = Pick<Checkpoint, 'tensors' | 'trial'>;

/**
 * Fails unless a checkpoint's tensors are those of these networks: every parameter in its shape, beside them only what an
 * optimizer keeps of a parameter, what loss scaling keeps of a network, learned projections, and what an open trial would restore.
 */
export function checkTensors(where: string, { tensors, trial }: Where, graphs: readonly Graph[]): void {
  for (const [i, graph] of graphs.entries()) checkParameters(where, tensors, graph, networkPrefix(i));
  for (const [name, tensor] of tensors) {
    if (!name.startsWith(TRIAL_PREFIX)) checkKnown(where, name, tensor, graphs);
  }
  checkSnapshot(where, tensors, trial);
}

function checkParameters(where: string, tensors: Checkpoint['tensors'], { parameters }: Graph, prefix: string): void {
  for (const [name, { value }] of parameters) {
    const given = tensors.get(prefix + name);
    if (!given) fail(where, `tensor "${prefix}${name}" is missing`, { hint: RESTORE });
    if (given.dtype === value.dtype && sameShape(given.dims, value.shape)) continue;
    failShape(where, prefix + name, `${value.dtype} ${formatShape(value.shape)}`, given);
  }
}

function checkKnown(where: string, name: string, given: Tensor, graphs: readonly Graph[]): void {
  const i = graphs.findIndex((_, at) => name.startsWith(networkPrefix(at)));
  const own = name.slice(networkPrefix(i).length);
  if (i >= 0 && /^projection\d+\.weight(\.\w+)?$/.test(own)) return;
  const isOwn = (NETWORK_STATES as readonly string[]).includes(own);
  if (i >= 0 && isOwn && given.dtype === 'float32' && given.dims.length === 0) return;
  const { parameters } = graphs[i] ?? {};
  const of = parameters?.get(own) ?? parameters?.get(own.slice(0, Math.max(0, own.lastIndexOf('.'))));
  if (!of) fail(where, `tensor "${name}" is of none of its networks`, { hint: RESTORE });
  if (given.dtype === 'float32' && sameShape(given.dims, of.value.shape)) return;
  failShape(where, name, `float32 ${formatShape(of.value.shape)}`, given);
}

/** Fails unless all tensors are there that a step carries over to the next: those of the optimizer as well. */
export function checkState(where: string, { tensors }: Pick<Checkpoint, 'tensors'>, state: readonly string[]): void {
  const lacking = state.find((name) => !tensors.has(name));
  if (lacking !== undefined) fail(where, `tensor "${lacking}" is missing`, { hint: RESTORE });
}

/** What a network on trial had been is there whole, and nothing of others. */
function checkSnapshot(where: string, tensors: Checkpoint['tensors'], trial: CheckpointHeader['trial']): void {
  const own = trial ? networkPrefix(trial.network) : undefined;
  const saved = [...tensors.keys()].filter((name) => name.startsWith(TRIAL_PREFIX));
  for (const name of saved) {
    const of = name.slice(TRIAL_PREFIX.length);
    const now = own !== undefined && of.startsWith(own) ? tensors.get(of) : undefined;
    if (!now) fail(where, `tensor "${name}" is of no network on trial`, { hint: RESTORE });
    const given = present(tensors.get(name), name);
    if (given.dtype !== now.dtype || !sameShape(given.dims, now.dims)) {
      failShape(where, name, `${now.dtype} ${formatShape(now.dims)}`, given);
    }
  }
  if (own === undefined) return;
  const lacking = [...tensors.keys()].find((name) => name.startsWith(own) && !tensors.has(TRIAL_PREFIX + name));
  if (lacking) fail(where, `tensor "${TRIAL_PREFIX}${lacking}" is missing`, { hint: RESTORE });
}

function failShape(where: string, name: string, expected: string, { dtype, dims }: Tensor): never {
  return fail(where, `tensor "${name}"`, { expected, got: `${dtype} ${formatShape(dims)}`, hint: RESTORE });
}
