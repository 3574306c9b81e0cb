import type * as ort from '../onnxruntime.js';
import { type Feeds, toOrt } from '../session.js';
import { type FedTypes, inType } from './fed-types.js';

/** What a session is fed: tensors in the types of its graph. */
export function toFeeds(given: Feeds, types: FedTypes): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, toOrt(inType(value, types.get(name)))]),
  );
}
