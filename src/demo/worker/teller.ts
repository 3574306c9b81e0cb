import type { PhaseEvent, TrainEvent } from '../../events/events.js';
import type { LoggedEvent } from '../../pages/data/logged-events.js';
import type { Reply } from './messages.js';

/** Least time between two messages, in milliseconds: a page can't show more. */
const PAUSE = 100;

/** Tells the page what a training tells, in batches. */
export class Teller {
  private waiting: LoggedEvent[] = [];
  private last = 0;

  constructor(private readonly post: (reply: Reply) => void) {}

  tell(event: TrainEvent): void {
    if (event.type === 'phase') {
      this.doing(phaseText(event));
      return;
    }
    this.waiting.push(asLogged(event));
    if (event.type !== 'step' || performance.now() - this.last >= PAUSE) this.flush();
  }

  /** Tells what is being done while no step runs. */
  doing(what: string): void {
    this.post({ kind: 'doing', what });
  }

  flush(): void {
    if (this.waiting.length === 0) return;
    this.post({ kind: 'events', events: this.waiting });
    this.waiting = [];
    this.last = performance.now();
  }
}

const PHASES: Readonly<Partial<Record<PhaseEvent['phase'], string>>> = {
  weights: 'Reading the weights',
  data: 'Reading the pictures',
  graph: 'Building the networks',
  features: 'Looking at the pictures',
};

function phaseText({ phase, done, of }: PhaseEvent): string {
  const what = PHASES[phase] ?? 'Preparing';
  return done === undefined || of === undefined ? what : `${what}: ${done} of ${of}`;
}

/** As a log has it: what a report doesn't need is left out of the many steps, and numbers that aren't finite are null. */
function asLogged(event: TrainEvent): LoggedEvent {
  const kept = event.type === 'step' ? stepOf(event) : event;
  return JSON.parse(JSON.stringify(kept)) as LoggedEvent;
}

function stepOf({ type, epoch, step, lr, ce, accuracy, teachers, verdict }: Extract<TrainEvent, { type: 'step' }>) {
  return { type, epoch, step, lr, ce, accuracy, teachers, ...(verdict && { verdict }) };
}
