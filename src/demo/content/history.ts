import { networkLabels } from '../../events/network-labels.js';
import type { ReportData, Teaching } from '../../pages/content/report-data.js';
import type { LoggedEvent, LoggedStart, LoggedStep } from '../../pages/data/logged-events.js';
import { RunLog } from '../../pages/data/run-log.js';

/** Steps over which it is said who teaches now. */
const RECENT = 12;

/** What a report shows of a training that goes on. */
export type TrainingView = Pick<
  ReportData,
  'networks' | 'epochs' | 'task' | 'curves' | 'progress' | 'perturbations'
> & {
  readonly teaching: Teaching | undefined;
};

/** What a training has told. */
export class History {
  private log = new RunLog();
  private kept: LoggedEvent[] = [];

  constructor(events: readonly LoggedEvent[] = []) {
    for (const event of events) this.add(event);
  }

  get events(): readonly LoggedEvent[] {
    return this.kept;
  }

  get start(): LoggedStart | undefined {
    return this.log.start;
  }

  /** The last step. */
  get last(): LoggedStep | undefined {
    return this.kept.findLast((event) => event.type === 'step');
  }

  /** Adds what comes next. A training that goes on tells the steps anew that came after its last save. */
  add(event: LoggedEvent): void {
    if (event.type === 'start') this.forgetFrom(resumedAt(event) ?? { epoch: 0, step: 0 });
    this.kept.push(event);
    this.log.add(event);
  }

  private forgetFrom(from: Place): void {
    const before = this.kept.filter((event) => {
      if (event.type === 'step')
        return event.epoch < from.epoch || (event.epoch === from.epoch && event.step < from.step);
      return event.type !== 'epoch' || event.epoch < from.epoch;
    });
    this.kept = [];
    this.log = new RunLog();
    for (const event of before) {
      this.kept.push(event);
      this.log.add(event);
    }
  }

  /** Of each network, the share of the last steps in which it taught the others. */
  get recentTeachers(): number[] {
    const steps = this.kept.filter((event) => event.type === 'step').slice(-RECENT);
    const networks = this.start?.networks.length ?? 0;
    return Array.from({ length: networks }, (_, teacher) => {
      const taught = steps.filter(({ teachers }) =>
        teachers.some((row, i) => i !== teacher && (row[teacher] ?? 0) > 0),
      );
      return steps.length === 0 ? 0 : taught.length / steps.length;
    });
  }

  /** The labels of the networks. */
  get labels(): string[] {
    return networkLabels((this.start?.networks ?? []).map(({ name }, index) => ({ name, index })));
  }

  /** What there is to show; undefined before it has begun. */
  view(epochs: number): TrainingView | undefined {
    const { start } = this;
    if (!start) return undefined;
    const { curves } = this.log;
    const parameters = start.networks.map((network) => network.parameters);
    return {
      networks: this.labels.map((label, i) => ({ label, parameters: parameters[i] ?? 0 })),
      epochs: this.log.epochs,
      task: 'single-label',
      ...(curves && { curves }),
      progress: { epochs: this.log.epochs.length, of: epochs, steps: curves?.steps ?? 0 },
      perturbations: { ...this.log.perturbations, trials: [] },
      teaching: this.log.teaching?.teaching,
    };
  }
}

interface Place {
  readonly epoch: number;
  readonly step: number;
}

/** Where a start goes on, as the event says it beside what reports read. */
function resumedAt(event: LoggedStart & { readonly resumedAt?: Place }): Place | undefined {
  return event.resumedAt;
}
