import type { NetworkSpec } from '../../../src/nets/registry.js';
import type { CaseSet, Common } from '../cases.js';
import type { Workload } from '../workload.js';

/** Workloads that differ in one quantity. */
export interface Series {
  /** What the quantity is; series of one axis share a panel. */
  readonly axis: string;
  readonly name: string;
  readonly cases: readonly { readonly x: number; readonly workload: Workload }[];
}

const BATCH = 128;
const POINTS = {
  all: {
    batches: [16, 32, 64, 128, 256, 512],
    depths: [20, 32, 44, 56, 110],
    widths: [1, 2, 4],
    groups: [1, 2, 3, 4, 6, 8],
  },
  quick: { batches: [16, 64], depths: [20, 32], widths: [1, 2], groups: [1, 2] },
} satisfies Record<CaseSet, unknown>;

/** Batch, depth, width and number of networks, each alone. */
export function scalingSeries(set: CaseSet, common: Common): Series[] {
  const { batches, depths, widths, groups } = POINTS[set];
  const workload = (nets: Workload['nets'], batch = BATCH): Workload => ({ ...common, nets, batch, size: 32 });
  const series = (axis: string, name: string, xs: readonly number[], of: (x: number) => Workload): Series => {
    return { axis, name, cases: xs.map((x) => ({ x, workload: of(x) })) };
  };
  return [
    series('batch', 'resnet20', batches, (batch) => workload(['resnet20'], batch)),
    series('depth', `resnet, batch ${BATCH}`, depths, (depth) => workload([`resnet${depth}`])),
    series('width', `resnet8 x w, batch ${BATCH}`, widths, (width) => workload([wideResNet8(width)])),
    series('width', `wrn_16_w, batch ${BATCH}`, widths, (width) => workload([wideResNet16(width)])),
    series('networks', `resnet8, batch ${BATCH}`, groups, (n) => workload(Array<string>(n).fill('resnet8'))),
  ];
}

function wideResNet8(width: number): NetworkSpec {
  return { family: 'resnet-cifar', blocks_per_stage: 1, widths: [16 * width, 32 * width, 64 * width] };
}

function wideResNet16(width: number): NetworkSpec {
  return { family: 'wide-resnet', depth: 16, widen_factor: width };
}
