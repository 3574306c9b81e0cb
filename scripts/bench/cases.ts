import type { Workload } from './workload.js';

/** What all workloads of a run share. */
export type Common = Pick<Workload, 'classes' | 'threads' | 'device' | 'portable' | 'tune'>;

type Row = readonly [nets: string, batch: number, size?: number];

/** The rows of the table: those of the targets, and a competition of unlike networks. */
const TABLE: readonly Row[] = [
  ['resnet8', 128],
  ['resnet20', 128],
  ['resnet32', 128],
  ['wrn_16_2', 128],
  ['mobilenet_v2_cifar', 64],
  ['resnet18', 16, 224],
  ['resnet32,resnet32', 128],
  ['resnet8,mobilenet_v2_cifar_0.5', 128],
];
const QUICK: readonly Row[] = [
  ['resnet8', 128],
  ['mobilenet_v2_cifar', 64],
];
/** The fastest network that is trained on such images: if it doesn't wait, none does. */
const LOADERS: readonly Row[] = [
  ['resnet8', 128],
  ['resnet18', 16, 224],
];

export type CaseSet = 'all' | 'quick';

export function tableCases(set: CaseSet, common: Common): Workload[] {
  return (set === 'quick' ? QUICK : TABLE).map((row) => workloadOf(row, common));
}

export function loaderCases(set: CaseSet, common: Common): Workload[] {
  return (set === 'quick' ? LOADERS.slice(0, 1) : LOADERS).map((row) => workloadOf(row, common));
}

function workloadOf([nets, batch, size = 32]: Row, common: Common): Workload {
  return { ...common, nets: nets.split(','), batch, size };
}
