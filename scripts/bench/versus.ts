import { fail } from '../../src/util/error.js';
import { describeMachine, type Machine, machine } from './machine.js';
import { runJob, tuneFirst } from './measure/run-child.js';
import type { StepLine } from './measure/step-time.js';
import { label } from './names.js';
import { median, round } from './numbers.js';
import type { Progress, Report } from './report.js';
import { markdownTable, type Rows, terminalTable } from './tables.js';
import { LAYOUTS, type Layout, runTorch, type Torch, type TorchLine, torchNets } from './torch.js';
import type { Workload } from './workload.js';

/** One turn of each. */
export interface Round {
  readonly ours: StepLine;
  readonly torch: Readonly<Record<Layout, TorchLine>>;
}

/** A workload held against PyTorch's better memory layout. */
export interface Comparison {
  readonly nets: string;
  readonly torch_nets: string;
  readonly batch: number;
  readonly size: number;
  readonly torch: string;
  /** The layout with the lower median over the rounds. */
  readonly layout: Layout;
  /** Medians over the rounds. */
  readonly step_ms: number;
  readonly torch_ms: Readonly<Record<Layout, number>>;
  /** PyTorch's time / ours of each round: above 1 is faster than PyTorch. */
  readonly ratios: readonly number[];
  readonly ratio: number;
  /** The largest over the rounds. */
  readonly rss_mb: number;
  readonly torch_rss_mb: number;
}

export interface VersusResult {
  readonly machine: Machine;
  readonly threads: number;
  readonly steps: number;
  readonly rounds: number;
  readonly comparisons: readonly Comparison[];
}

export interface VersusOptions {
  readonly torch: Torch;
  readonly rounds: number;
  readonly steps: number;
  readonly tell: Progress;
}

/** Runs ours and PyTorch in turn for each workload; those that PyTorch's script lacks are told of and left out. */
export async function measureVersus(workloads: readonly Workload[], options: VersusOptions): Promise<VersusResult> {
  const comparisons: Comparison[] = [];
  for (const workload of workloads) {
    if (torchNets(workload)) comparisons.push(compare(workload, await takeTurns(workload, options)));
    else options.tell(`torch_step.py has no ${workload.nets.map(label).join(',')}: left out`);
  }
  const { rounds, steps } = options;
  if (comparisons.length === 0) fail('--vs-torch', 'nothing was left to compare');
  return { machine: machine(), threads: workloads[0]?.threads ?? 0, steps, rounds, comparisons };
}

async function takeTurns(workload: Workload, { torch, rounds, steps, tell }: VersusOptions): Promise<Round[]> {
  await tuneFirst(workload);
  const done: Round[] = [];
  while (done.length < rounds) {
    const ours = await runJob({ kind: 'step', workload, steps });
    const lines = {} as Record<Layout, TorchLine>;
    for (const layout of LAYOUTS) lines[layout] = await runTorch(torch, workload, layout, steps);
    done.push({ ours, torch: lines });
    const times = LAYOUTS.map((layout) => `${layout} ${lines[layout].step_ms}`).join(', ');
    tell(`${ours.nets}, round ${done.length}: ${ours.step_ms} ms, PyTorch ${times}`);
  }
  return done;
}

/** Sums rounds up. */
export function compare(workload: Workload, rounds: readonly Round[]): Comparison {
  const { batch, size, nets } = workload;
  const middle = (layout: Layout) => median(rounds.map(({ torch }) => torch[layout].step_ms));
  const layout = middle('nhwc') < middle('nchw') ? 'nhwc' : 'nchw';
  const ratios = rounds.map(({ ours, torch }) => torch[layout].step_ms / ours.step_ms);
  return {
    nets: nets.map(label).join(','),
    torch_nets: torchNets(workload) ?? '',
    batch,
    size,
    torch: rounds[0]?.torch[layout].engine ?? '',
    layout,
    step_ms: median(rounds.map(({ ours }) => ours.step_ms)),
    torch_ms: { nchw: middle('nchw'), nhwc: middle('nhwc') },
    ratios: ratios.map((ratio) => round(ratio, 3)),
    ratio: round(median(ratios), 3),
    rss_mb: Math.max(...rounds.map(({ ours }) => ours.rss_mb)),
    torch_rss_mb: Math.max(...rounds.map(({ torch }) => torch[layout].rss_mb)),
  };
}

export function reportVersus(result: VersusResult): Report {
  const engine = result.comparisons[0]?.torch ?? 'pytorch';
  const settings = `${result.threads} threads, ${result.rounds} rounds of ${result.steps} steps`;
  const where = `${describeMachine(result.machine)}; ${engine}; ${settings}`;
  const note = "ratio: PyTorch's time / ours, median over the rounds; above 1 is faster than PyTorch";
  const rows = versusRows(result.comparisons);
  return {
    terminal: `${where}\n${terminalTable(rows)}\n${note}\n`,
    markdown: `# Against PyTorch\n\n${where}\n\n${markdownTable(rows)}\n\n${note}\n`,
    files: { '.json': `${JSON.stringify(result, null, 2)}\n` },
  };
}

function versusRows(comparisons: readonly Comparison[]): Rows {
  const head = ['networks', 'batch', 'px', 'ratio', 'each round', 'ms', 'PyTorch ms (nchw, nhwc)', 'MB', 'PyTorch MB'];
  const rows = comparisons.map((each) => [
    each.nets,
    String(each.batch),
    String(each.size),
    each.ratio.toFixed(2),
    each.ratios.map((ratio) => ratio.toFixed(2)).join(' '),
    each.step_ms.toFixed(1),
    LAYOUTS.map((layout) => each.torch_ms[layout].toFixed(1)).join(', '),
    String(each.rss_mb),
    String(each.torch_rss_mb),
  ]);
  return { head, rows };
}
