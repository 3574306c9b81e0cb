import type * as ort from '../onnxruntime.js';
import { type Feeds, toOrt } from '../session.js';
import { type FedTypes, inType } from './fed-types.js';

/** What a session is fed: tensors in the types of its graph. */
export function toFeeds(given: Feeds, types: FedTypes): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(inTypes(given, types)).map(([name, value]) => [name, toOrt(value)]));
}

/** What is fed, in the types of the graph. */
export function inTypes(given: Feeds, types: FedTypes): Feeds {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, inType(value, types.get(name))]));
}
