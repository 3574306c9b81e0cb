import { matMulPeak, memoryBandwidth } from '../measure/limits.js';
import { median, percent, sum } from '../numbers.js';
import { terminalTable } from '../tables.js';
import { build, type Workload } from '../workload.js';
import { record } from './record.js';
import { boundOf, byClass, byNode, type Limits, leastMs, type Share } from './summary.js';

const TOP_NODES = 25;

/** Profiles a workload in this process and says, as text, where its time goes. */
export async function profileReport(workload: Workload, steps: number): Promise<string> {
  const limits = { gflops: await matMulPeak(workload.threads), bandwidth: await memoryBandwidth(workload.threads) };
  const { events, times } = await record(build(workload), steps);
  const classes = byClass(events, steps);
  const total = sum(classes.map(({ ms }) => ms));
  const nodes = byNode(events, steps);
  const least = leastMs(nodes, limits);
  return [
    `limits on this machine: MatMul 2048^3 ${limits.gflops.toFixed(1)} GFLOP/s, Add ${limits.bandwidth.toFixed(1)} GB/s`,
    `a step under the profiler ${median(times).toFixed(1)} ms, in nodes ${total.toFixed(1)} ms`,
    `every node at its limit: ${least.toFixed(1)} ms (${percent(least / total)})`,
    classTable(classes, total, limits),
    nodeTable(nodes.slice(0, TOP_NODES), total, limits),
  ].join('\n');
}

function classTable(classes: readonly Share[], total: number, limits: Limits): string {
  const head = ['operators', 'nodes', 'ms', 'share', 'MB', 'GB/s', 'of Add', 'GFLOP/s', 'of MatMul', 'bound'];
  const rows = classes.map((share) => [
    share.name,
    share.nodes.toFixed(0),
    share.ms.toFixed(2),
    percent(share.ms / total),
    (share.bytes / 1e6).toFixed(1),
    ...rates(share, limits),
  ]);
  return terminalTable({ head, rows });
}

function nodeTable(nodes: ReturnType<typeof byNode>, total: number, limits: Limits): string {
  const head = ['node', 'shapes', 'ms', 'share', 'GB/s', 'of Add', 'GFLOP/s', 'of MatMul', 'bound'];
  const rows = nodes.map((share) => [
    share.name,
    share.shapes,
    share.ms.toFixed(2),
    percent(share.ms / total),
    ...rates(share, limits),
  ]);
  return terminalTable({ head, rows, left: 2 });
}

/** Bandwidth and operations of a share, each also as a part of the machine's limit. */
function rates(share: Share, limits: Limits): string[] {
  const bandwidth = share.bytes / share.ms / 1e6;
  const gflops = share.flops / share.ms / 1e6;
  return [
    share.bytes > 0 ? bandwidth.toFixed(1) : '',
    share.bytes > 0 ? percent(bandwidth / limits.bandwidth) : '',
    share.flops > 0 ? gflops.toFixed(1) : '',
    share.flops > 0 ? percent(gflops / limits.gflops) : '',
    boundOf(share, limits),
  ];
}
