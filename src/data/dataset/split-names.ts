import { keysOf } from '../../util/checked.js';
import type { SplitName } from './dataset.js';

/** What a split may be called, by a folder, a file or in a table; in lower case. */
export const SPLIT_NAMED: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
};

/** The split that a name stands for. */
export function splitNamed(name: string): SplitName | undefined {
  return keysOf(SPLIT_NAMED).find((split) => SPLIT_NAMED[split].includes(name.toLowerCase()));
}
