import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { readResult } from '../../../src/store/result.js';
import { runPaths } from '../../../src/store/run-folder.js';
import { fail, messageOf, present } from '../../../src/util/error.js';
import { type Machine, machine } from '../machine.js';
import { lastLine, runProcess } from '../measure/run-child.js';
import type { Progress } from '../report.js';
import { findTorch, type Torch } from '../torch.js';
import { TRANSFER_CASES, type TransferCase } from './cases.js';
import type { TransferOptions } from './options.js';

/** One command from start to end. */
export interface TransferRun {
  readonly data: string;
  /** `frozen`, `frozen, again`, `fine-tuned`, `PyTorch, head`. */
  readonly what: string;
  readonly seed: number;
  /** Top-1 on the test split, else on the validation split: of the winner's best epoch, and of the last one. */
  readonly best: number;
  readonly last: number;
  /** Wall time of the whole command. */
  readonly seconds: number;
  readonly rss_mb: number;
}

export interface TransferResult {
  readonly machine: Machine;
  readonly network: string;
  readonly commands: readonly string[];
  readonly torch: string | null;
  readonly runs: readonly TransferRun[];
}

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** Prints the most memory that the process has held; threads that inherit it print the same. */
const PEAK = "process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + '\\n'))";

/** Runs every case on every data set with so many seeds, in turn with PyTorch where it is there. */
export async function measureTransfer(options: TransferOptions, tell: Progress): Promise<TransferResult> {
  if (!existsSync(CLI)) fail(CLI, "the command isn't built", { hint: 'npm run build' });
  const torch = await findTorch(options.torchScript).catch((error: unknown) => {
    tell(`without PyTorch: ${messageOf(error)}`);
    return undefined;
  });
  const cases = TRANSFER_CASES.filter(({ name }) => options.fineTuned || name !== 'fine-tuned');
  const runs: TransferRun[] = [];
  const add = (run: TransferRun) => {
    tell(
      `${run.data}, ${run.what}, seed ${run.seed}: ${(100 * run.best).toFixed(1)} %, ${run.seconds.toFixed(1)} s, ${run.rss_mb} MB`,
    );
    runs.push(run);
  };
  for (const data of options.data) {
    for (let seed = 0; seed < options.seeds; seed++) {
      for (const each of cases) for (const run of await measureCase(each, data, seed, options)) add(run);
      if (torch) add(await measureTorch(torch, data, seed, options));
    }
  }
  const commands = cases.map((each) =>
    ['agon train', ...argumentsOf(each, 'DATA', 'WEIGHTS', options.network)].join(' '),
  );
  return { machine: machine(), network: options.network, commands, torch: torch ? 'PyTorch' : null, runs };
}

function argumentsOf({ flags }: TransferCase, data: string, weights: string, network: string): string[] {
  return ['--data', data, '--nets', network, '--pretrained', weights, ...flags];
}

/** With a cache of its own: the first command finds nothing in it. */
async function measureCase(
  each: TransferCase,
  data: string,
  seed: number,
  { weights, network }: TransferOptions,
): Promise<TransferRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-transfer-'));
  const runs: TransferRun[] = [];
  try {
    for (const what of [each.name, ...(each.again ? [`${each.name}, again`] : [])]) {
      const out = join(folder, 'run');
      const args = [
        ...argumentsOf(each, data, weights, network),
        '--seed',
        String(seed),
        '--out',
        out,
        '--overwrite',
        '--quiet',
      ];
      const started = performance.now();
      const said = await runAgon(args, join(folder, 'cache'));
      const seconds = (performance.now() - started) / 1000;
      runs.push({ data: basename(data), what, seed, ...(await accuracyOf(out)), seconds, rss_mb: peakOf(said) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return runs;
}

function runAgon(args: readonly string[], cache: string): Promise<string> {
  const hook = `data:text/javascript,${encodeURIComponent(PEAK.replaceAll('stderr', 'stdout'))}`;
  return runProcess(process.execPath, ['--import', hook, CLI, 'train', ...args], 'agon train', {
    XDG_CACHE_HOME: cache,
  });
}

/** The most of all that its threads told, in 2^20 bytes. */
function peakOf(said: string): number {
  const peaks = [...said.matchAll(/^peak (\d+)$/gm)].map(([, kilobytes]) => Number(kilobytes));
  return Math.round(Math.max(0, ...peaks) / 1024);
}

async function accuracyOf(folder: string): Promise<Pick<TransferRun, 'best' | 'last'>> {
  const { best, last, winner } = present(await readResult(runPaths(folder).result), 'the result of a run');
  const of = ({ test, validation }: typeof best) => (test ?? validation)?.networks[winner]?.accuracy ?? Number.NaN;
  return { best: of(best), last: of(last) };
}

interface TorchTransferLine {
  readonly best: number;
  readonly last: number;
  readonly seconds: number;
  readonly rss_mb: number;
}

async function measureTorch(
  { python, script }: Torch,
  data: string,
  seed: number,
  { weights }: TransferOptions,
): Promise<TransferRun> {
  const args = [script, data, weights, '--mode', 'head', '--seed', String(seed)];
  const { best, last, seconds, rss_mb } = lastLine<TorchTransferLine>(
    await runProcess(python, args, 'PyTorch'),
    'PyTorch',
  );
  return { data: basename(data), what: 'PyTorch, head', seed, best, last, seconds, rss_mb };
}
