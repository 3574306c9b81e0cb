import { stat } from 'node:fs/promises';
import { fail, messageOf } from '../util/error.js';
import type { Classifier, ClassifierOptions } from './classifier.js';
import { openFileClassifier } from './classifier-file.js';
import { openRunClassifier } from './classifier-run.js';

/** Opens a classifier: the winner of a run (its folder), or an ONNX model. `called` is what messages call it. */
export async function openClassifier(path: string, options: ClassifierOptions, called?: string): Promise<Classifier> {
  const open = (await isFolder(path, called)) ? openRunClassifier : openFileClassifier;
  return open(path, options);
}

async function isFolder(path: string, called?: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    return fail(path, `${called ? `${called} ` : ''}can't be read: ${messageOf(error)}`, {
      hint: 'Name the folder of a run, or an ONNX model',
      cause: error,
    });
  }
}
