import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../util/error.js';
import { type Device, formatDevice } from '../device-kind.js';
import { runJob } from '../process/run-job.js';
import { type Adapter, AdapterLog, adapterOf } from './adapter-log.js';
import { nvidiaCards } from './nvidia.js';

/** How a device did. */
export interface DeviceReport {
  /** `webgpu`, `cuda:0`. */
  readonly device: string;
  /** Why it can't be used; absent where it computes. */
  readonly error?: string;
  /** What it is; absent where that isn't known, and of the CPU. */
  readonly adapter?: Adapter;
}

/** A driver may compile its kernels for a while. */
const SECONDS = 60;

/**
 * Opens a device and runs a few small training steps on it, in a process of its own: a driver may end the process that it is in. Says
 * which adapter it is, as far as that can be had.
 */
export async function probeDevice(device: Device): Promise<DeviceReport> {
  const name = formatDevice(device);
  const log = new AdapterLog();
  const options = { seconds: SECONDS, onLine: (line: string) => log.read(line), env: { VK_LOADER_DEBUG: 'all' } };
  const outcome = await runJob({ kind: 'compute', device: name }, options);
  if ('error' in outcome) return { device: name, error: outcome.error };
  const adapter = device.kind.isGpu ? await adapterFor(device, log) : undefined;
  return { device: name, ...(adapter && { adapter }) };
}

/**
 * A device that computes; an error that says how to get it otherwise, or what else to do.
 */
export async function requireDevice(device: Device, other = 'Or use --device cpu'): Promise<DeviceReport> {
  const report = await probeDevice(device);
  if (report.error === undefined) return report;
  const where = `device ${report.device}`;
  const reason = shortReason(report.error, device);
  return fail(where, `can't be used: ${reason}`, { hint: `${device.kind.howToGet}. ${other}` });
}

/** An error of a device without what stands beside it elsewhere: its own name, how to get it, and the place in ONNX Runtime's sources. */
export function shortReason(error: string, { kind }: Device): string {
  const own = error.split(`. ${kind.howToGet}`)[0] ?? '';
  return own.replace(/^device \S+: (can't be used: )?/, '').replace(/^\/\S+:\d+ .* was false\. /, '');
}

async function adapterFor({ kind, index }: Device, log: AdapterLog): Promise<Adapter | undefined> {
  const cards = await nvidiaCards();
  if (kind.numbered) {
    const card = cards.find((each) => each.index === index);
    return card && adapterOf(card.name, card.memory);
  }
  const { used } = log;
  if (!used || used.isSoftware || used.memory !== undefined) return used;
  const card = cards.find(({ name }) => name === used.name);
  const memory = card?.memory ?? (await amdMemory());
  return memory === undefined ? used : { ...used, memory };
}

/** Where Linux lists graphics cards. */
const DRM = '/sys/class/drm';

/** The own memory of the one adapter whose driver tells it (amdgpu), in bytes; undefined where none does, or several. */
async function amdMemory(): Promise<number | undefined> {
  const cards = (await readdir(DRM).catch(() => [])).filter((name) => /^card\d+$/.test(name));
  if (cards.length !== 1) return undefined;
  const text = await readFile(join(DRM, `${cards[0]}`, 'device', 'mem_info_vram_total'), 'utf8').catch(() => '');
  return Number(text) > 0 ? Number(text) : undefined;
}

/** `SwiftShader Device (Subzero), a driver in software`, `NVIDIA GeForce RTX 4090, 25.8 GB` */
export function formatAdapter({ name, memory, isSoftware }: Adapter): string {
  const parts = [
    ...(isSoftware ? ['a driver in software, no GPU'] : []),
    ...(memory === undefined ? [] : [`${(memory / 1e9).toPrecision(3)} GB`]),
  ];
  return [name, ...parts].join(', ');
}
