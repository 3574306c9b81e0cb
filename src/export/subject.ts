import { networkPrefix } from '../distill/step.js';
import type { Evaluation } from '../events/evaluation.js';
import type { NetworkInfo } from '../events/events.js';
import type { Graph } from '../graph/graph.js';
import type { Group } from '../group/group.js';
import type { Checkpoint } from '../store/checkpoint-format.js';
import { RUN_FILES } from '../store/run-files.js';
import { at } from '../util/checked.js';
import { fail, present } from '../util/error.js';
import { toFileName } from '../util/files/file-name.js';
import { ensembleGraph, inferenceGraph } from './inference-graph.js';

/** What becomes a model: a network, or all of a group. */
export interface Subject {
  readonly networks: readonly NetworkInfo[];
  /** Index of the network; undefined of the ensemble. */
  readonly network: number | undefined;
  readonly graph: Graph;
  /** The names of its parameters are those of the checkpoint without this. */
  readonly prefix: string;
  /** For messages. */
  readonly name: string;
  /** The name of its file in the run's folder, without the ending. */
  readonly file: string;
  /** What the metadata say of it. */
  readonly described: Readonly<Record<string, unknown>>;
  /** Of the best epoch; undefined where nothing was held out. */
  readonly validation: Evaluation | undefined;
}

/** What of a run is exported. */
export interface SubjectOptions {
  readonly checkpoint: 'best' | 'last';
  readonly network?: string | undefined;
  readonly ensemble?: boolean | undefined;
}

/** The network that is asked for, the winner, or the ensemble. */
export function subjectOf(group: Group, checkpoint: Checkpoint, options: SubjectOptions): Subject {
  return options.ensemble ? wholeGroup(group, checkpoint, options) : oneNetwork(group, checkpoint, options);
}

function oneNetwork(group: Group, { best }: Checkpoint, { network: wanted, checkpoint }: SubjectOptions): Subject {
  const winner = best?.network ?? 0;
  const network = wanted === undefined ? present(group.networks[winner], 'the winner') : chooseNetwork(group, wanted);
  const { name, index } = network;
  const isWinner = checkpoint === 'best' && index === winner;
  return {
    networks: [network],
    network: index,
    graph: inferenceGraph(present(group.graphs[index], 'its graph')),
    prefix: networkPrefix(index),
    name,
    file: isWinner ? RUN_FILES.winner.replace(/\.onnx$/, '') : fileOf(`${toFileName(name)}-${index}`, checkpoint),
    described: {
      network: name,
      networkIndex: index,
      ...(checkpoint === 'best' && best?.validation?.[index]?.ema && { ema: true }),
    },
    validation: best?.validation?.[index],
  };
}

function wholeGroup(
  { networks, graphs }: Group,
  { best, settings }: Checkpoint,
  { network, checkpoint }: SubjectOptions,
): Subject {
  if (network !== undefined) {
    fail('export', 'both one network and the ensemble are asked for', { hint: 'Leave one of them out' });
  }
  return {
    networks,
    network: undefined,
    graph: ensembleGraph(graphs, settings.task),
    prefix: '',
    name: 'the ensemble',
    file: fileOf('ensemble', checkpoint),
    described: { ensemble: networks.map(({ name }) => name) },
    validation: best?.ensemble,
  };
}

const fileOf = (name: string, checkpoint: SubjectOptions['checkpoint']) =>
  `${name}${checkpoint === 'last' ? '-last' : ''}`;

function chooseNetwork({ networks }: Group, wanted: string): NetworkInfo {
  const matches = networks.filter(({ index, name }) => String(index) === wanted || name === wanted);
  if (matches.length === 1) return at(matches, 0);
  const list = networks.map(({ index, name }) => `${index} (${name})`).join(', ');
  return fail('export', `network "${wanted}"`, {
    expected: `one of ${list}`,
    got: matches.length === 0 ? 'none of them' : 'more than one of that name',
    hint: 'Give its index',
  });
}
