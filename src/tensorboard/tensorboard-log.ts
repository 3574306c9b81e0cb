import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochEvent, NetworkInfo, StartEvent, TrainEvent } from '../events/events.js';
import { AgonError, messageOf } from '../util/error.js';
import { toFileName } from '../util/files/file-name.js';
import { EventFile } from './event-file.js';
import { encodeGraph, type NodeDef, type SummaryValue } from './event-proto.js';
import { endPoints, epochPoints, type Owner, type Point, stepPoints, TAGS } from './points.js';

/** A subscriber that writes TensorBoard's event files. */
export interface TensorBoardLog {
  /** Doesn't throw: the first failure ends the files. */
  onEvent(event: TrainEvent): void;
  /** Adds what is known at the end: pictures, and the graph of a network. */
  addPictures(pictures: readonly SummaryValue[]): void;
  addGraph(nodes: readonly NodeDef[]): void;
  close(): void;
}

export interface TensorBoardOptions {
  /** Called at the first failure. */
  readonly onFailure: (failure: AgonError) => void;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

/**
 * Writes a run's curves: those of the group into `folder`, each network's into a folder of its own beneath it (`0-resnet8`), the
 * ensemble's into `ensemble`, so that TensorBoard draws networks as curves of one chart. A point's step is the number of training steps
 * that are done. A run that goes on writes new files, which say where the older ones end.
 */
export function createTensorBoardLog(folder: string, { onFailure, now }: TensorBoardOptions): TensorBoardLog {
  let run: RunFiles | undefined;
  let failed = false;
  const attempt = (work: () => void) => {
    if (failed) return;
    try {
      work();
    } catch (error) {
      failed = true;
      const what = `TensorBoard's files can't be written any more: ${messageOf(error)}`;
      onFailure(new AgonError(folder, what, { cause: error }));
    }
  };
  return {
    onEvent: (event) =>
      attempt(() => {
        if (event.type === 'start') run = new RunFiles(folder, event, now);
        else run?.add(event);
      }),
    addPictures: (pictures) => attempt(() => run?.addPictures(pictures)),
    addGraph: (nodes) => attempt(() => run?.addGraph(nodes)),
    close: () => attempt(() => run?.close()),
  };
}

/** The event files of one run. */
class RunFiles {
  readonly #files = new Map<Owner, { readonly file: EventFile; readonly tags: Set<string> }>();
  readonly #networks: readonly NetworkInfo[];
  readonly #stepsPerEpoch: number;
  readonly #firstStep: number;
  #step: number;

  constructor(
    private readonly folder: string,
    { networks, stepsPerEpoch, resumedAt, finishedEpochs = [] }: StartEvent,
    private readonly now: (() => number) | undefined,
  ) {
    this.#networks = networks;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#step = resumedAt ? resumedAt.epoch * stepsPerEpoch + resumedAt.step : 0;
    const isNew = !hasEventFiles(folder);
    this.#firstStep = isNew ? 1 : this.#step + 1;
    // Of a run that was begun without these files, the epochs are known
    if (isNew) for (const event of finishedEpochs) this.#addEpoch(event);
  }

  add(event: TrainEvent): void {
    if (event.type === 'step') {
      this.#step = event.epoch * this.#stepsPerEpoch + event.step + 1;
      this.#write(this.#step, stepPoints(event));
    }
    if (event.type === 'epoch') this.#addEpoch(event);
    if (event.type === 'end') this.#write(this.#stepsAfter(event.best.epoch), endPoints(event));
  }

  addPictures(value: readonly SummaryValue[]): void {
    if (value.length > 0) this.#fileOf('group').file.append({ step: this.#step, summary: { value } });
  }

  addGraph(nodes: readonly NodeDef[]): void {
    this.#fileOf('group').file.append({ step: this.#step, graphDef: encodeGraph(nodes) });
  }

  close(): void {
    for (const { file } of this.#files.values()) file.close();
  }

  #addEpoch(event: EpochEvent): void {
    this.#write(this.#stepsAfter(event.epoch), epochPoints(event));
  }

  #stepsAfter(epoch: number): number {
    return (epoch + 1) * this.#stepsPerEpoch;
  }

  /** Points of one step, one record for each owner. */
  #write(step: number, points: readonly Point[]): void {
    for (const owner of new Set(points.map((point) => point.owner))) {
      const { file, tags } = this.#fileOf(owner);
      const value = points
        .filter((point) => point.owner === owner)
        .map(({ tag, value: simpleValue }) => ({ tag, simpleValue, ...describeOnce(tag, tags) }));
      file.append({ step, summary: { value } });
    }
  }

  #fileOf(owner: Owner) {
    const found = this.#files.get(owner);
    if (found) return found;
    const folder = join(this.folder, this.#folderOf(owner));
    const made = { file: new EventFile(folder, this.#firstStep, this.now), tags: new Set<string>() };
    this.#files.set(owner, made);
    return made;
  }

  #folderOf(owner: Owner): string {
    if (owner === 'group') return '';
    return owner === 'ensemble' ? owner : `${owner}-${toFileName(this.#networks[owner]?.name ?? 'network')}`;
  }
}

/** What a curve shows is said with its first point. */
function describeOnce(tag: keyof typeof TAGS, told: Set<string>): Pick<SummaryValue, 'metadata'> {
  if (told.has(tag)) return {};
  told.add(tag);
  return { metadata: { summaryDescription: TAGS[tag] } };
}

function hasEventFiles(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.includes('tfevents'));
  } catch {
    return false;
  }
}
