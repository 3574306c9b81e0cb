import {
  buildStep,
  nextName,
  type StepGraph,
  type StepSettings,
  stepSettingsOf,
  TEACHER_LOGITS,
} from '../distill/step.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { lower } from '../lower/lower.js';
import { portable } from '../lower/portable/portable.js';
import type { NetworkInput } from '../nets/registry.js';
import { fail, present } from '../util/error.js';
import { tensorEntry } from './entries.js';
import type { StepEntry } from './manifest.js';
import { encodeGraph } from './model-file.js';

/** What a step file is written for. */
export interface StepPlan {
  readonly settings: StepSettings;
  /** Images a step. */
  readonly batch: number;
  /** Whether the settings' learning rate is entered in the manifest: the one to begin with. */
  readonly recordsRate?: boolean | undefined;
}

/** A file of an artifact, and what the manifest says of it. */
export interface Described<Entry> {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
}

const DOC =
  'One training step of all networks. Inputs: a batch, the scalars of the optimizer, and the state; outputs: losses and the next state. See manifest.json.';

/** The training step of a group as a file in the portable form: standard ONNX operators only. */
export function writeStep(
  networks: readonly Graph[],
  { settings, batch, recordsRate }: StepPlan,
  input: NetworkInput,
  file: string,
): Described<StepEntry> {
  if (settings.precision !== 'float32') {
    fail('training artifact', 'precision', {
      expected: '"float32", as its step is for programs of any kind',
      got: JSON.stringify(settings.precision),
    });
  }
  const step = buildStep(networks, settings, { batch });
  const bytes = encodeGraph(lower(step.graph, portable), DOC);
  const carried = new Set(step.state.map(nextName));
  const outputs = [...step.graph.outputs].filter(([name]) => !carried.has(name));
  const entry: StepEntry = {
    file,
    sizes: { ...input, batch },
    settings: recordOf(settings, recordsRate),
    inputs: step.graph.inputs.map((value) => ({
      ...tensorEntry(value.name, value, value.shape),
      feed: feedOf(step, value),
    })),
    state: step.state.map((name) => stateEntry(step.graph, name)),
    outputs: outputs.map(([name, value]) => tensorEntry(name, value, value.shape)),
  };
  return { entry, bytes };
}

/** What the manifest says of the settings: those that are in the graph, and perhaps the learning rate. */
function recordOf(settings: StepSettings, recordsRate = false): StepEntry['settings'] {
  const step = stepSettingsOf(settings);
  const { lr, ...rest } = step.optimizer;
  return { ...step, optimizer: recordsRate ? { ...rest, lr } : rest };
}

function feedOf({ uniforms }: StepGraph, value: Value): StepEntry['inputs'][number]['feed'] {
  if (uniforms.includes(value)) return 'uniform';
  if (value.name === 'images' || value.name === 'labels') return value.name;
  return value.name === TEACHER_LOGITS ? 'teacher' : 'scalar';
}

function stateEntry({ parameters }: Graph, name: string): StepEntry['state'][number] {
  const { value, role, initialiser } = present(parameters.get(name), name);
  return { name, next: nextName(name), shape: [...value.shape], role, initialiser };
}
