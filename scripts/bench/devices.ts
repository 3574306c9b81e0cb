import { release, type } from 'node:os';
import { parseDevice } from '../../src/runtime/device.js';
import { type DeviceReport, formatAdapter, requireDevice } from '../../src/runtime/devices/probe.js';
import { messageOf } from '../../src/util/error.js';
import { describeMachine, type Machine, machine } from './machine.js';
import { runJob, tuneFirst } from './measure/run-child.js';
import type { StepLine } from './measure/step-time.js';
import { label } from './names.js';
import { round } from './numbers.js';
import type { Progress, Report } from './report.js';
import { markdownTable, type Rows, terminalTable } from './tables.js';
import {
  findTorch,
  LAYOUTS,
  runTorch,
  type Torch,
  type TorchDevice,
  type TorchLine,
  torchDevice,
  torchNets,
} from './torch.js';
import type { Workload } from './workload.js';

/** Training steps of one group on a device, and beside it. */
export interface DeviceCase {
  readonly nets: string;
  readonly batch: number;
  readonly size: number;
  /** What kept it from running. */
  readonly error?: string;
  readonly line?: StepLine;
  /** The same on the CPU, where that is another device. */
  readonly cpu?: StepLine;
  /** PyTorch in its better memory layout. */
  readonly torch?: TorchLine;
}

/** What `npm run bench -- --device` measures, as it is written to a file. */
export interface DeviceResult {
  readonly machine: Machine;
  /** The system and its release. */
  readonly system: string;
  readonly device: DeviceReport;
  readonly threads: number;
  readonly steps: number;
  /** Where PyTorch computed; absent where there is none. */
  readonly torch_device?: TorchDevice;
  readonly cases: readonly DeviceCase[];
}

export interface DeviceOptions {
  readonly steps: number;
  /** Of torch_step.py. */
  readonly torchScript: string;
  readonly tell: Progress;
}

/** Times the steps of each workload on their device, on the CPU and in PyTorch, in turn, each in a process of its own. */
export async function measureDevice(workloads: readonly Workload[], options: DeviceOptions): Promise<DeviceResult> {
  const { steps, torchScript, tell } = options;
  const [{ device: name, threads }] = workloads as [Workload];
  const report = await requireDevice(parseDevice(name));
  const torch = await findTorch(torchScript).catch((error: unknown) => tell(`without PyTorch: ${messageOf(error)}`));
  const where = torch && (await torchDevice(torch, parseDevice(name)));
  if (torch && !where) tell(`without PyTorch: it has no device for ${name} here`);
  const cases: DeviceCase[] = [];
  for (const workload of workloads) {
    tell(`${workload.nets.map(label).join(',')}, batch ${workload.batch}`);
    cases.push(await measureOn(workload, { steps, tell, ...(torch && where && { torch, where }) }));
  }
  const system = `${type()} ${release()}`;
  return { machine: machine(), system, device: report, threads, steps, ...(where && { torch_device: where }), cases };
}

interface Beside {
  readonly steps: number;
  readonly tell: Progress;
  readonly torch?: Torch;
  readonly where?: TorchDevice;
}

async function measureOn(workload: Workload, { steps, tell, torch, where }: Beside): Promise<DeviceCase> {
  const { nets, batch, size } = workload;
  const named = { nets: nets.map(label).join(','), batch, size };
  try {
    await tuneFirst(workload);
    const line = await runJob({ kind: 'step', workload, steps });
    const onCpu = { ...workload, device: 'cpu' };
    const isCpu = !parseDevice(workload.device).kind.isGpu;
    if (!isCpu) await tuneFirst(onCpu);
    const cpu = isCpu ? undefined : await runJob({ kind: 'step', workload: onCpu, steps });
    const lines: TorchLine[] = [];
    if (torch && where && torchNets(workload)) {
      for (const layout of LAYOUTS) lines.push(await runTorch(torch, workload, layout, steps, where));
    }
    const [best] = lines.sort((a, b) => a.step_ms - b.step_ms);
    return { ...named, line, ...(cpu && { cpu }), ...(best && { torch: best }) };
  } catch (error) {
    tell(`failed: ${messageOf(error)}`);
    return { ...named, error: messageOf(error).split('\n').at(-1) ?? '' };
  }
}

/** How the files are called beyond their machine: `-webgpu-some-card`. */
export function devicePart({ device: { device, adapter } }: DeviceResult): string {
  const words = `${device} ${adapter?.name ?? ''}`.toLowerCase().split(/[^a-z0-9]+/);
  return `-${words.filter((word) => word !== '').join('-')}`;
}

export function reportDevice(result: DeviceResult): Report {
  const { device, threads, steps, torch_device: where } = result;
  const adapter = device.adapter ? formatAdapter(device.adapter) : "its adapter's name is not known";
  const isCpu = !parseDevice(device.device).kind.isGpu;
  const lines = [
    `device ${device.device}${isCpu ? '' : `: ${adapter}`}; ${describeMachine(result.machine)}; ${result.system}`,
    `${threads} threads on the CPU, medians of ${steps} steps${where ? `; PyTorch on ${where}` : ''}`,
    ...(device.adapter?.isSoftware ? [SOFTWARE] : []),
  ];
  const rows = deviceRows(result);
  return {
    terminal: `${lines.join('\n')}\n${terminalTable(rows)}\n`,
    markdown: `# Training steps on ${device.device}\n\n${lines.join('\n\n')}\n\n${markdownTable(rows)}\n`,
    files: { '.json': `${JSON.stringify(result, null, 2)}\n` },
  };
}

const SOFTWARE =
  'THE DRIVER COMPUTES IN SOFTWARE, on the processor: this shows that the steps run, its times say nothing about any GPU';

function deviceRows({ cases, device, torch_device: where }: DeviceResult): Rows {
  const isCpu = !parseDevice(device.device).kind.isGpu;
  const engine = cases.find(({ torch }) => torch)?.torch?.engine;
  const head = [
    ...['networks', 'batch', 'px', 'ms', 'least ms', 'images/s'],
    ...(isCpu ? [] : ["CPU's ms"]),
    ...(where ? [`${engine ?? 'PyTorch'} ms`, 'ratio'] : []),
    'form',
  ];
  const rows = cases.map(({ nets, batch, size, error, line, cpu, torch }) => [
    ...[nets, String(batch), String(size)],
    ...(line ? [line.step_ms.toFixed(1), line.min_ms.toFixed(1), line.images_per_s.toFixed(0)] : ['', '', '']),
    ...(isCpu ? [] : [cpu?.step_ms.toFixed(1) ?? '']),
    ...(where ? [torch?.step_ms.toFixed(1) ?? '', ratioOf(line, torch)] : []),
    line?.target ?? `failed: ${error}`,
  ]);
  return { head, rows };
}

/** PyTorch's time / ours. */
function ratioOf(line: StepLine | undefined, torch: TorchLine | undefined): string {
  return line && torch ? round(torch.step_ms / line.step_ms, 2).toFixed(2) : '';
}
