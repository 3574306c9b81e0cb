import { fail } from '../util/error.js';
import { type Task, USUAL_THRESHOLD } from '../util/task.js';

/** The threshold of a classifier of images with any number of classes. One that is given for images of one class each is an error. */
export function thresholdFor(where: string, task: Task, given: number | undefined, own?: number): number {
  if (given !== undefined && task === 'single-label') {
    fail(where, 'a threshold', {
      expected: 'a classifier of images with any number of classes (multi-label)',
      got: 'one of images with one class each, the most probable',
      hint: 'Leave --threshold out',
    });
  }
  return given ?? own ?? USUAL_THRESHOLD;
}
