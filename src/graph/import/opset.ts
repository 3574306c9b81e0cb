import type { ModelProto, NodeProto } from '../../onnx/model.js';
import { fail } from '../../util/error.js';
import { MICROSOFT } from '../node/node.js';

/** The newest ONNX operator set whose changes were looked through for import (ONNX 1.22). */
const NEWEST = 27;

/** The version of ONNX's own operators in a file; files of IR version below 3 have 1. */
export function checkedOpset(model: ModelProto): number {
  const own = model.opsetImport.find(({ domain }) => isOnnx(domain));
  const version = own?.version ?? 1;
  if (version > NEWEST)
    fail('model', 'its operator set is too new', { expected: `at most ${NEWEST}`, got: String(version) });
  const called = new Set(model.graph.node.map(({ opType }) => opType));
  const used = model.functions?.find(({ name }) => called.has(name));
  if (used)
    fail('model', `"${used.name}" is a function of the model’s own`, {
      hint: 'Export the model with its functions inlined',
    });
  return version;
}

/** A node's domain as graphs spell it; one that Agon doesn't know is an error. */
export function domainOf({ domain, opType }: NodeProto, where: string): string {
  if (isOnnx(domain)) return '';
  if (domain === MICROSOFT) return MICROSOFT;
  return fail(where, `operator of a domain that Agon doesn’t know: ${domain}.${opType}`, {
    hint: 'It imports ONNX’s own operators',
  });
}

function isOnnx(domain: string | undefined): boolean {
  return !domain || domain === 'ai.onnx';
}
