import { fail } from '../../util/error.js';
import { runJob } from './run-job.js';

/** Where ONNX Runtime puts the nodes of a graph, as far as that isn't the device that was asked for. */
export interface Placement {
  /** The nodes that it computes on the CPU, in its order. */
  readonly onCpu: readonly PlacedNode[];
  /** How many it computes on the device. */
  readonly onDevice: number;
  /** Names of the values that are copied in each run: to the host's memory, and from there to the device. */
  readonly toHost: readonly string[];
  readonly toDevice: readonly string[];
}

export interface PlacedNode {
  readonly op: string;
  readonly name: string;
}

/** A model, and how a session for it is opened. */
export interface PlacedModel {
  readonly model: Uint8Array;
  /** `webgpu`, `cuda:0`. */
  readonly device: string;
  readonly graphPasses?: boolean | undefined;
}

/** Opening a model of many nodes, with a log. */
const SECONDS = 120;
const CPU_PROVIDER = 'CPUExecutionProvider';

/**
 * Where the nodes of a model go on a device when the CPU may take those that have no kernel there. ONNX Runtime's log says it,
 * of a session that is opened in a process of its own.
 */
export async function placementOf({ model, device, graphPasses = true }: PlacedModel): Promise<Placement> {
  const log = new PlacementLog();
  const job = { kind: 'place', device, model, graphPasses } as const;
  const outcome = await runJob(job, { seconds: SECONDS, onLine: (line) => log.read(line) });
  if ('error' in outcome) fail(`device ${device}`, `where the nodes of a graph go can't be seen: ${outcome.error}`);
  return log.placement;
}

/** What ONNX Runtime 1.30 logs at its most verbose level: nodes by provider, and the copies that it puts between them. */
export class PlacementLog {
  readonly #onCpu: PlacedNode[] = [];
  readonly #toHost: string[] = [];
  readonly #toDevice: string[] = [];
  #onDevice = 0;
  #provider = '';

  read(line: string): void {
    const [, direction, value] = /AddCopyNode\] Add Memcpy(\w+) (?:before|after) (.+) for \w+$/.exec(line) ?? [];
    if (value !== undefined) (direction === 'ToHost' ? this.#toHost : this.#toDevice).push(value);
    const [, placed = ''] = /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)$/.exec(line) ?? [];
    const [, all, provider, count] =
      /^(All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(placed) ?? [];
    if (provider !== undefined) {
      this.#provider = provider;
      if (all === 'All nodes' && provider !== CPU_PROVIDER) this.#onDevice = Number(count);
      return;
    }
    const [, op, name] = /^(\w+) \((.*)\)$/.exec(placed) ?? [];
    if (op === undefined || name === undefined || op.startsWith('Memcpy')) return;
    if (this.#provider === CPU_PROVIDER) this.#onCpu.push({ op, name });
    else this.#onDevice++;
  }

  get placement(): Placement {
    return { onCpu: this.#onCpu, onDevice: this.#onDevice, toHost: this.#toHost, toDevice: this.#toDevice };
  }
}

/** Names that are listed of each operator. */
const MOST_NAMES = 3;

/** `LogSoftmax (net0/log_probabilities, net1/log_probabilities), OneHot (targets)` */
export function formatPlaced(nodes: readonly PlacedNode[]): string {
  const byOperator = new Map<string, string[]>();
  for (const { op, name } of nodes) byOperator.set(op, [...(byOperator.get(op) ?? []), name]);
  return [...byOperator].map(([op, names]) => `${op} (${listed(names)})`).join(', ');
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
