import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../src/runtime/device-kind.js';
import { AgonError, fail } from '../../src/util/error.js';
import { lastLine, runProcess } from './measure/run-child.js';
import { label, torchName } from './names.js';
import type { Workload } from './workload.js';

/** Where torch_step.py is looked for. */
export const TORCH_SCRIPT = fileURLToPath(new URL('../../../shared/bench/torch_step.py', import.meta.url));

const PYTHONS = ['python3', '/usr/bin/python3'];
export const LAYOUTS = ['nchw', 'nhwc'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** A line of torch_step.py. */
export interface TorchLine {
  readonly engine: string;
  readonly nets: string;
  readonly layout: Layout;
  readonly step_ms: number;
  readonly min_ms: number;
  readonly images_per_s: number;
  readonly rss_mb: number;
}

/** A Python with PyTorch and the script; an error that says what is missing otherwise. */
export interface Torch {
  readonly python: string;
  readonly script: string;
}

export async function findTorch(script: string): Promise<Torch> {
  if (!existsSync(script)) fail(script, 'there is no such file', { hint: 'Name the script with --torch-script PATH' });
  for (const python of PYTHONS) {
    const found = await runProcess(python, ['-c', 'import torch, numpy'], python).then(
      () => true,
      () => false,
    );
    if (found) return { python, script };
  }
  throw new AgonError('PyTorch', `neither of ${PYTHONS.join(', ')} can import torch`, {
    hint: 'Install it (Debian: apt-get install python3-torch python3-numpy), or leave --vs-torch out',
  });
}

/** The networks of a workload in torch_step.py's names; undefined when it lacks one. */
export function torchNets({ nets }: Pick<Workload, 'nets'>): string | undefined {
  const names = nets.map((net) => torchName(label(net)));
  return names.every((name) => name !== undefined) ? names.join(',') : undefined;
}

/** Where PyTorch computes. */
export type TorchDevice = 'cpu' | 'cuda';

/** Where PyTorch can compute beside a device of ours; undefined where it can't: it has nothing for a GPU but CUDA. */
export async function torchDevice({ python }: Torch, { kind }: Device): Promise<TorchDevice | undefined> {
  if (!kind.isGpu) return 'cpu';
  const script = 'import sys, torch; sys.exit(0 if torch.cuda.is_available() else 1)';
  return runProcess(python, ['-c', script], python).then(
    () => 'cuda' as const,
    () => undefined,
  );
}

/** Runs the script that is named first with its tensors on the card: it makes them without naming a device. */
const ON_CUDA = [
  'import runpy, sys, torch',
  "torch.set_default_device('cuda')",
  'sys.argv = sys.argv[1:]',
  "runpy.run_path(sys.argv[0], run_name='__main__')",
].join('\n');

/** Times a workload in PyTorch, in one memory layout, in a process of its own. */
export async function runTorch(
  torch: Torch,
  workload: Workload,
  layout: Layout,
  steps: number,
  device: TorchDevice = 'cpu',
): Promise<TorchLine> {
  const { batch, size, classes, threads } = workload;
  const nets = torchNets(workload) ?? fail('PyTorch', `${torch.script} has no ${workload.nets.map(label).join(',')}`);
  const flags = { size, classes, threads, steps, layout };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const program = device === 'cuda' ? ['-c', ON_CUDA, torch.script] : [torch.script];
  const text = await runProcess(torch.python, [...program, nets, String(batch), ...args], `PyTorch ${nets}`);
  return lastLine<TorchLine>(text, `PyTorch ${nets}`);
}
