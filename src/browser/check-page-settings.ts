import { hasModels } from '../nets/model-file.js';
import { largestBatch, settleBatchSize } from '../settings/batch-size.js';
import { checkSettings, type RequestedSettings, type Settings } from '../settings/settings.js';
import { fail } from '../util/error.js';

/** Fails for settings that a page can't train with. */
export function checkPageSettings(settings: RequestedSettings): void {
  checkSettings(settings);
  const { artifacts, from, teacher, unlabelled, engine, task, fitNorms, place, precision } = settings;
  const refuse = (setting: string, got: string, expected: string) => {
    fail('settings', `${setting} in a page`, { expected, got, hint: 'Leave it out, or train in Node.js' });
  };
  if (hasModels(settings)) refuse('nets', JSON.stringify(settings.nets), 'networks by their names or specifications');
  if (artifacts !== null) refuse('artifacts', artifacts, 'none, as a page reads no folders');
  if (from !== null) refuse('from', from, 'none, as a page reads no folders');
  if (teacher) refuse('teacher', teacher.model, 'none, as a page reads no files');
  if (unlabelled !== null) refuse('unlabelled', unlabelled, 'none, as all pictures have a class');
  if (engine !== 'agon') refuse('engine', engine, 'agon');
  if (task !== 'single-label') refuse('task', task, 'single-label, as a picture has one class');
  if (place !== null) refuse('place', JSON.stringify(place), 'none, as all networks are in one step');
  if (precision !== 'float32') refuse('precision', precision, 'float32');
  if (fitNorms) refuse('fitNorms', 'true', 'false');
}

/** Fails where weights are given and the settings don't say what they are, or the other way round. */
export function checkWeights({ pretrained }: Pick<RequestedSettings, 'pretrained'>, given: number): void {
  if (pretrained === null && given > 0) {
    fail('settings', 'pretrained', {
      expected: 'the name of the weights that are given, or one for each',
      got: 'none',
    });
  }
  if (pretrained !== null && given === 0) {
    fail('weights', 'there are none', {
      expected: `the bytes of ${pretrained.join(', ')}`,
      hint: 'A page fetches no weights itself',
    });
  }
}

/** Settings whose batch size is settled for so many training pictures, as in Node.js; `auto` looks at their number alone. */
export function settlePageBatch(settings: RequestedSettings, images: number): Settings {
  const { batchSize, ...rest } = settings;
  if (batchSize === 'auto') return { ...rest, batchSize: largestBatch(images, () => true) };
  return settleBatchSize({ ...rest, batchSize }, images);
}
