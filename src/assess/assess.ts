import type { Dataset, Split, SplitName } from '../data/dataset/dataset.js';
import { imageName } from '../data/dataset/image-name.js';
import type { Preprocessing } from '../data/image/preprocess.js';
import { imageAsSeen } from '../data/pictures/image-as-seen.js';
import type { GroupEvaluation } from '../events/evaluation.js';
import { networkLabels } from '../events/network-labels.js';
import type { Group } from '../group/group.js';
import type { Tensor } from '../onnx/tensor.js';
import type { Device } from '../runtime/device-kind.js';
import type { Assessment } from '../store/assessment.js';
import { at } from '../util/checked.js';
import { mapConcurrent } from '../util/concurrency.js';
import { present } from '../util/error.js';
import { activationMaps } from './activation-maps.js';
import { type Answers, ensembleLogits } from './answers.js';
import { findingsIn } from './findings.js';
import { picturesOf, type ShownImage } from './pictures.js';
import { chooseShown } from './shown.js';
import { assessSubject, type Subject } from './subjects.js';

/** The images that were evaluated, in the order of the evaluation. */
export interface AssessedImages {
  readonly split: Assessment['split'];
  readonly dataset: Pick<Dataset, 'name' | 'root' | 'train'>;
  readonly parts: readonly { readonly name: SplitName; readonly split: Pick<Split, 'source' | 'length'> }[];
}

/** A group of networks in some state, what they said of images, and where these are. */
export interface AssessOptions {
  readonly answers: Answers;
  /** Of the same images. */
  readonly evaluation: GroupEvaluation;
  readonly group: Pick<Group, 'graphs' | 'networks'>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Index of the run's winner. */
  readonly winner: number;
  /** From 0. */
  readonly epoch: number;
  readonly classes: readonly string[];
  readonly images: AssessedImages;
  readonly preprocessing: Preprocessing;
  readonly device: Device;
  readonly threads?: number | undefined;
}

/** Image files read at a time. */
const CONCURRENCY = 4;

/** What a group came to on images, in detail, with pictures of what is worth a look. Of equal answers it is equal. */
export async function assess(options: AssessOptions): Promise<Assessment> {
  const { answers, group, tensors, winner, epoch, classes, images } = options;
  const subjects = subjectsOf(options);
  const networks = subjects.filter(({ network }) => network !== undefined);
  const findings = findingsIn(answers, at(subjects, winner), networks);
  const { images: chosen, ...lists } = chooseShown(findings, networks.length);
  const shown = await mapConcurrent(chosen, CONCURRENCY, (image) => shownImage(options, image));
  const pixels = shown.map((each) => each.pixels);
  const maps = await activationMaps(group, tensors, pixels, options);
  return {
    split: images.split,
    epoch,
    images: answers.images,
    task: answers.task,
    classes: [...classes],
    winner,
    subjects: subjects.map((subject) => assessSubject(answers, subject)),
    pictures: await picturesOf(answers, subjects, shown, maps),
    ...lists,
  };
}

/** All networks, then their ensemble, if there is more than one. */
function subjectsOf({ answers, evaluation, group }: AssessOptions): Subject[] {
  const labels = networkLabels(group.networks);
  const networks = answers.logits.map((logits, network): Subject => {
    const own = present(evaluation.networks[network], 'the evaluation of a network');
    return { label: at(labels, network), network, evaluation: own, logits };
  });
  if (networks.length === 1) return networks;
  return [...networks, { label: 'ensemble', evaluation: evaluation.ensemble, logits: ensembleLogits(answers) }];
}

async function shownImage({ answers, images, preprocessing }: AssessOptions, image: number): Promise<ShownImage> {
  let i = at(answers.positions, image);
  const part = images.parts.find(({ split }) => {
    if (i < split.length) return true;
    i -= split.length;
    return false;
  });
  const { name, split } = present(part, 'the split of an image');
  const pixels = await imageAsSeen(split.source, i, preprocessing);
  return { image, name: imageName(images.dataset, name, split, i), pixels };
}
