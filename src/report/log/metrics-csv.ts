import type { EpochEvent, NetworkEpoch, NetworkInfo, StartEvent, TrainEvent } from '../../events/events.js';
import { AgonError, messageOf } from '../../util/error.js';
import { writeFileWhole } from '../../util/files/files.js';
import { toCsvCell } from '../../util/markup.js';

type Cell = string | number | boolean | null | undefined;

/** One network's epoch, with what it is an epoch of. */
interface Row {
  readonly event: EpochEvent;
  readonly network: NetworkInfo;
  readonly own: NetworkEpoch;
  readonly stepsPerEpoch: number;
}

/** The columns of `metrics.csv`, in their order (docs/logs.md); a cell is empty where there is no such number. */
const COLUMNS: Readonly<Record<string, (row: Row) => Cell>> = {
  epoch: ({ event }) => event.epoch,
  steps: ({ event, stepsPerEpoch }) => (event.epoch + 1) * stepsPerEpoch,
  network: ({ network }) => network.index,
  name: ({ network }) => network.name,
  learning_rate: ({ event }) => event.lr,
  train_loss: ({ own }) => own.loss,
  train_accuracy: ({ own }) => own.accuracy,
  win_share: ({ own }) => own.won,
  kl_sum: ({ own }) => own.klMass,
  validation_loss: ({ own }) => own.validation?.loss,
  validation_accuracy: ({ own }) => own.validation?.accuracy,
  validation_top5: ({ own }) => own.validation?.top5,
  validation_ece: ({ own }) => own.validation?.ece,
  validation_map: ({ own }) => own.validation?.map,
  validation_micro_f1: ({ own }) => own.validation?.microF1,
  validation_macro_f1: ({ own }) => own.validation?.macroF1,
  validation_threshold: ({ own }) => own.validation?.threshold,
  validation_ema: ({ own }) => own.validation?.ema,
  margin: ({ event }) => event.margin,
  role_changes: ({ event }) => event.roleChanges,
  seconds: ({ event }) => event.seconds,
  waited: ({ event }) => event.waited,
  images_per_second: ({ event }) => event.imagesPerSecond,
};

/** A subscriber that keeps a table of all epochs. */
export interface MetricsTable {
  /** Doesn't throw: the first failure ends the table. */
  onEvent(event: TrainEvent): Promise<void>;
  /** Settles when all is written. */
  close(): Promise<void>;
}

/**
 * Writes `metrics.csv`: a heading, then a row for each network and epoch. The file is written anew, whole, after every epoch; that of a
 * resumed run begins with the epochs before.
 */
export function createMetricsTable(path: string, onFailure: (failure: AgonError) => void): MetricsTable {
  let start: StartEvent | undefined;
  const lines = [Object.keys(COLUMNS).join(',')];
  let failed = false;
  let writing = Promise.resolve();
  const writeNow = async () => {
    if (failed) return;
    try {
      await writeFileWhole(path, `${lines.join('\n')}\n`);
    } catch (error) {
      failed = true;
      onFailure(error instanceof AgonError ? error : new AgonError(path, messageOf(error), { cause: error }));
    }
  };
  // One after the other: what is written last has all rows
  const write = () => {
    writing = writing.then(writeNow);
    return writing;
  };
  return {
    async onEvent(event) {
      if (event.type === 'start') {
        start = event;
        for (const each of event.finishedEpochs ?? []) lines.push(...rowsOf(each, event));
        if (event.resumedAt) await write();
      } else if (event.type === 'epoch' && start) {
        lines.push(...rowsOf(event, start));
        await write();
      }
    },
    close: () => writing,
  };
}

function rowsOf(event: EpochEvent, { networks, stepsPerEpoch }: StartEvent): string[] {
  return event.networks.flatMap((own, i) => {
    const network = networks[i];
    if (!network) return [];
    return Object.values(COLUMNS)
      .map((column) => toCsvCell(String(column({ event, network, own, stepsPerEpoch }) ?? '')))
      .join(',');
  });
}
