import { parseArgs } from 'node:util';
import { fail } from '../../src/util/error.js';
import type { CaseSet, Common } from './cases.js';
import { parseNets } from './names.js';
import { TORCH_SCRIPT } from './torch.js';
import { type TransferOptions, transferOptions } from './transfer/options.js';
import type { Workload } from './workload.js';

export const USAGE = `usage: npm run --silent bench -- [NETS BATCH] [options]

  NETS BATCH            measure these networks (joined by commas they compete): one JSON line
  without them          the whole table, or with --vs-torch all cases that PyTorch's script has
  --vs-torch            in turn with torch_step.py       --rounds 5       --torch-script PATH
  --profile             where the time of NETS BATCH goes, by operator and by node
  --scaling             against batch, depth, width and number of networks
  --transfer            photographs to classifier: --data FOLDER,FOLDER --weights FILE
                        (--network mobilenet_v2  --seeds 5  --fine-tuned: all layers too), with PyTorch's torch_transfer.py
  --device DEVICE       cpu, webgpu, cuda or cuda:<n>: the same table for each, of all cases or (with --out) of NETS BATCH; beside it the
                        CPU, and PyTorch with CUDA where they are there (--torch-script PATH of torch_step.py)
  --cases all|quick     which rows of the table, or points of --scaling
  --out                 write JSON and Markdown (and the figure) to --folder docs/benchmarks
  --size 32  --classes 100  --threads 2  --steps 7 (--scaling: 3)  --portable  --no-tune
`;

export type Mode = 'step' | 'table' | 'versus' | 'profile' | 'scaling' | 'transfer' | 'device';

/** What the command line asks for. */
export interface Arguments {
  readonly mode: Mode;
  /** The networks that were named. */
  readonly workload: Workload | undefined;
  readonly common: Common;
  readonly cases: CaseSet;
  readonly steps: number;
  readonly rounds: number;
  readonly torchScript: string;
  /** What `--transfer` measures. */
  readonly transfer: TransferOptions | undefined;
  /** Where results are written; undefined: nowhere. */
  readonly folder: string | undefined;
}

const OPTIONS = {
  size: { type: 'string' },
  classes: { type: 'string', default: '100' },
  threads: { type: 'string', default: '2' },
  steps: { type: 'string' },
  device: { type: 'string' },
  portable: { type: 'boolean', default: false },
  'no-tune': { type: 'boolean', default: false },
  cases: { type: 'string', default: 'all' },
  'vs-torch': { type: 'boolean', default: false },
  rounds: { type: 'string', default: '5' },
  'torch-script': { type: 'string' },
  transfer: { type: 'boolean', default: false },
  data: { type: 'string' },
  weights: { type: 'string' },
  network: { type: 'string', default: 'mobilenet_v2' },
  seeds: { type: 'string', default: '5' },
  'fine-tuned': { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  scaling: { type: 'boolean', default: false },
  out: { type: 'boolean', default: false },
  folder: { type: 'string', default: 'docs/benchmarks' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the command line; undefined when it asks for help. */
export function parseArguments(args: readonly string[]): Arguments | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const common: Common = {
    classes: whole('--classes', values.classes),
    threads: whole('--threads', values.threads),
    device: values.device ?? 'cpu',
    portable: values.portable,
    tune: !values['no-tune'],
  };
  const mode = modeOf(values, positionals.length > 0);
  return {
    mode,
    workload: workloadOf(positionals, values.size, common),
    common,
    cases: caseSet(values.cases),
    steps: whole('--steps', values.steps ?? (mode === 'scaling' ? '3' : '7')),
    rounds: whole('--rounds', values.rounds),
    torchScript: values['torch-script'] ?? TORCH_SCRIPT,
    transfer: mode === 'transfer' ? transferOf(values) : undefined,
    folder: values.out ? values.folder : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    return fail('bench', error instanceof Error ? error.message : String(error), { hint: 'See --help' });
  }
}

function modeOf(values: ReturnType<typeof parse>['values'], named: boolean): Mode {
  const asked = [
    values['vs-torch'] && 'versus',
    values.profile && 'profile',
    values.scaling && 'scaling',
    values.transfer && 'transfer',
  ];
  const [mode, other] = asked.filter((each) => each !== false) as Mode[];
  if (other) fail('bench', `--vs-torch, --profile, --scaling and --transfer can't be had together`);
  if (mode === 'profile' && !named) fail('bench', '--profile needs NETS BATCH', { hint: 'See --help' });
  if (mode === 'scaling' && named) fail('bench', '--scaling has networks of its own: leave NETS BATCH out');
  if (mode === 'transfer' && named) fail('bench', '--transfer takes its network by --network: leave NETS BATCH out');
  if (mode) return mode;
  if (values.device !== undefined && (values.out || !named)) return 'device';
  return named ? 'step' : 'table';
}

function transferOf(values: ReturnType<typeof parse>['values']): TransferOptions {
  const { data, weights, network } = values;
  const fineTuned = values['fine-tuned'];
  return transferOptions({
    data,
    weights,
    network,
    seeds: whole('--seeds', values.seeds),
    fineTuned,
    torchScript: values['torch-script'],
  });
}

/** The networks that were named, if any; torch_step.py too takes 32 px unless told otherwise. */
function workloadOf(positionals: readonly string[], size: string | undefined, common: Common): Workload | undefined {
  const [nets, batch, ...more] = positionals;
  if (nets === undefined) return undefined;
  if (batch === undefined || more.length > 0)
    fail('bench', 'arguments', { expected: 'NETS BATCH', got: positionals.join(' ') });
  return { ...common, nets: parseNets(nets), batch: whole('BATCH', batch, 2), size: whole('--size', size ?? '32') };
}

function caseSet(text: string): CaseSet {
  return text === 'all' || text === 'quick' ? text : fail('bench', '--cases', { expected: 'all or quick', got: text });
}

function whole(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return fail('bench', name, { expected: `a whole number from ${least}`, got: `"${text}"` });
}
