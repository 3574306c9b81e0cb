import { fail } from '../util/error.js';
import type { Settings } from './settings.js';

type Balanced = Pick<Settings, 'task' | 'classWeights' | 'sampler'>;

/** What evens out classes of unlike sizes is refused where an image has any number of them: it counts one class an image. */
export function checkTaskSettings({ task, classWeights, sampler }: Balanced): void {
  if (task !== 'multi-label') return;
  if (classWeights !== 'none') {
    fail('settings', 'classWeights with task multi-label', {
      expected: 'none, as they weigh the cross-entropy of images with one class',
      got: typeof classWeights === 'string' ? classWeights : JSON.stringify(classWeights),
      hint: 'Leave out --class-weights',
    });
  }
  if (sampler !== 'shuffle') {
    fail('settings', 'sampler with task multi-label', {
      expected: 'shuffle, as an image with several classes is drawn for none of them alone',
      got: sampler,
      hint: 'Leave out --sampler',
    });
  }
}
