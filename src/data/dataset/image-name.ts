import { relative, sep } from 'node:path';
import { at } from '../../util/checked.js';
import type { Dataset, Split, SplitName } from './dataset.js';

/**
 * What image i of a split is called: its path beneath the data set, with `/`, or the name that an archive or a table gives it. Images that
 * are packed in one file have numbers: `test #12` is the thirteenth that the file of the test images holds, whatever was held out.
 */
export function imageName(
  dataset: Pick<Dataset, 'name' | 'root' | 'train'>,
  name: SplitName,
  { source }: Pick<Split, 'source'>,
  i: number,
): string {
  if (source.kind === 'files') return nameBeneath(dataset.root ?? dataset.name, at(source.paths, i));
  const { train } = dataset;
  const isOfTrain = train.source.kind === 'packed' && train.source.data === source.data;
  return `${isOfTrain ? 'train' : name} #${at(source.rows, i)}`;
}

/** A path relative to a folder; as it is where it lies elsewhere, or isn't one of the file system. */
function nameBeneath(folder: string, path: string): string {
  const beneath = relative(folder, path);
  const isElsewhere = beneath === '' || beneath.startsWith('..');
  return (isElsewhere ? path : beneath).split(sep).join('/');
}
