import type { TrainEvent } from '../events/events.js';
import type { LineageStep } from '../lineage/lineage.js';
import { encodeHeader, type LineageHeader, layoutOf } from '../lineage/lineage-header.js';
import { encodeRecord, recordSize } from '../lineage/lineage-record.js';
import { concatenate } from '../onnx/chunks.js';
import { versioned } from '../report/log/log-version.js';
import type { Checkpoint } from '../store/checkpoint-format.js';
import { printableJson } from '../util/printable.js';

/** What a run's folder would hold, in memory: its checkpoints, its lineage and its log. */
export class PageRecord {
  readonly #header: LineageHeader;
  #steps: Uint8Array[] = [];
  #lines: string[] = [];
  /** How much of both there was at the last checkpoint. */
  #kept = { steps: 0, lines: 0 };
  #last: Checkpoint;
  #best: Checkpoint | undefined;

  constructor(header: LineageHeader, last: Checkpoint, before?: Pick<SavedRun, 'best' | 'lineage' | 'log'>) {
    this.#header = header;
    this.#last = last;
    this.#best = before?.best;
    if (before) this.#restore(before);
  }

  append(step: LineageStep): void {
    this.#steps.push(encodeRecord(layoutOf(this.#header), step));
  }

  log(event: TrainEvent): void {
    // How far a download is: of no interest later
    if (event.type === 'phase' && event.detail !== undefined) return;
    this.#lines.push(printableJson(event.type === 'start' ? versioned(event) : event));
    // Of an epoch it is told when its checkpoint is there
    if (event.type === 'start' || event.type === 'epoch') this.#keep();
  }

  /** Takes a checkpoint of what was trained so far. */
  saveLast(checkpoint: Checkpoint): void {
    this.#last = checkpoint;
    this.#keep();
  }

  saveBest(checkpoint: Checkpoint): void {
    this.#best = checkpoint;
  }

  get last(): Checkpoint {
    return this.#last;
  }

  /** Of the best epoch, once there is one. */
  get best(): Checkpoint | undefined {
    return this.#best;
  }

  /** Forgets what came after the last checkpoint: it will come again. */
  rewind(): void {
    this.#steps = this.#steps.slice(0, this.#kept.steps);
    this.#lines = this.#lines.slice(0, this.#kept.lines);
  }

  /** As of the last checkpoint. */
  get lineage(): Uint8Array {
    return concatenate([encodeHeader(this.#header), ...this.#steps.slice(0, this.#kept.steps)]);
  }

  /** As of the last checkpoint: a line for each event. */
  get logText(): string {
    return this.#lines
      .slice(0, this.#kept.lines)
      .map((line) => `${line}\n`)
      .join('');
  }

  #restore({ lineage, log }: Pick<SavedRun, 'lineage' | 'log'>): void {
    const size = recordSize(layoutOf(this.#header));
    for (let at = encodeHeader(this.#header).length; at < lineage.length; at += size) {
      this.#steps.push(lineage.slice(at, at + size));
    }
    this.#lines = log.split('\n').filter((line) => line !== '');
    this.#keep();
  }

  #keep(): void {
    this.#kept = { steps: this.#steps.length, lines: this.#lines.length };
  }
}

/** A run as it was saved. */
export interface SavedRun {
  readonly last: Checkpoint;
  readonly best: Checkpoint | undefined;
  readonly lineage: Uint8Array;
  readonly log: string;
}
