import { runExported } from '../export/exported-model.js';
import { IMAGE } from '../foreign/image-input.js';
import { readMetadata } from '../imported/model-metadata.js';
import { decodeModel } from '../onnx/file.js';
import type { ModelProto } from '../onnx/model.js';
import { float32Data, tensor } from '../onnx/tensor.js';
import { present } from '../util/error.js';
import { FORMATS } from '../util/formats/formats.js';
import { USUAL_THRESHOLD } from '../util/task.js';
import { AGON_VERSION } from '../util/version.js';
import { checkImage } from './content/check-image.js';
import { type Check, MODEL_FILE, type PageDescription } from './content/page-description.js';

/** Its sides are odd and differ, so that scaling and cutting are checked too. */
const CHECKED = { height: 149, width: 223 };

/** What the page of an exported model that takes images knows of it, without the list of files. */
export async function describeModel(model: Uint8Array): Promise<Omit<PageDescription, 'files'>> {
  const proto = decodeModel(model, MODEL_FILE);
  const { labels, task = 'single-label', threshold = USUAL_THRESHOLD } = readMetadata(proto, MODEL_FILE);
  return {
    version: FORMATS.page.version,
    title: titleOf(proto),
    classes: present(labels, 'its classes'),
    task,
    threshold,
    check: await checkOf(model),
    facts: factsOf(proto),
  };
}

async function checkOf(model: Uint8Array): Promise<Check> {
  const { height, width } = CHECKED;
  const image = tensor('uint8', [1, height, width, 3], checkImage(height, width));
  const [results] = await runExported(model, [{ [IMAGE]: image }], ['probabilities']);
  const probabilities = float32Data(present(results?.get('probabilities'), 'its probabilities'));
  return { height, width, probabilities: Array.from(probabilities) };
}

function titleOf(model: ModelProto): string {
  return `Image classifier: ${networksOf(model)}`;
}

function networksOf(model: ModelProto): string {
  const { network, ensemble } = originOf(model);
  if (typeof network === 'string') return network;
  return Array.isArray(ensemble) ? `ensemble of ${ensemble.join(', ')}` : 'a network';
}

/** Where the model is from, how good it was, and on what terms its weights may be used, as far as it is known. */
function factsOf(model: ModelProto): [string, string][] {
  const { validationAccuracy, validationMap } = originOf(model);
  const licence = model.metadataProps?.find(({ key }) => key === 'license')?.value;
  const shares: [string, unknown][] = [
    ['Accuracy on validation images', validationAccuracy],
    ['Mean average precision on validation images', validationMap],
  ];
  return [
    ['Network', networksOf(model)],
    ...shares.flatMap(([name, share]): [string, string][] => {
      return typeof share === 'number' ? [[name, `${(100 * share).toFixed(1)} %`]] : [];
    }),
    ...(licence === undefined ? [] : [['Licence of the weights it began with', licence] satisfies [string, string]]),
    ['Trained by', `Agon ${AGON_VERSION}`],
  ];
}

function originOf({ metadataProps = [] }: ModelProto): Readonly<Record<string, unknown>> {
  const text = metadataProps.find(({ key }) => key === 'agon')?.value ?? '{}';
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
