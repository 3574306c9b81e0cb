import type { Task } from '../task.js';
import { sigmoid } from './sigmoid.js';
import { softmax } from './softmax.js';

/** The probabilities that logits give, in float64: of one of the classes (softmax), or of each by itself (sigmoid). */
export function toProbabilities(logits: Iterable<number>, task: Task): Float64Array {
  return task === 'multi-label' ? new Float64Array(logits).map(sigmoid) : softmax(logits);
}
