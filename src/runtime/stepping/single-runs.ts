import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Tensor } from '../../onnx/tensor.js';
import type { Feeds, Session } from '../session.js';
import type { CarriedState } from './carried-state.js';
import { toFeeds } from './fed.js';
import type { FedTypes } from './fed-types.js';
import type { Measures } from './measures.js';
import { runToNext } from './run-to-next.js';
import type { StepRuns } from './step-runs.js';

/** One run a step. Where what it measures stays on the device, a run returns before the device is done, and what comes next is made meanwhile. */
export class SingleRuns implements StepRuns {
  readonly #session: Session;
  readonly #source: Pick<StatefulGraph, 'state' | 'nextOf'>;
  readonly #state: CarriedState;
  readonly #measures: Measures;
  readonly #types: FedTypes;

  constructor(
    session: Session,
    source: Pick<StatefulGraph, 'state' | 'nextOf'>,
    { state, measures, types }: { readonly state: CarriedState; readonly measures: Measures; readonly types: FedTypes },
  ) {
    this.#session = session;
    this.#source = source;
    this.#state = state;
    this.#measures = measures;
    this.#types = types;
  }

  async add(feeds: Feeds): Promise<void> {
    await this.#state.settle();
    const inputs = { ...Object.fromEntries(this.#state.current), ...toFeeds(feeds, this.#types) };
    this.#measures.keep(await runToNext(this.#session, this.#source, this.#state, inputs, this.#measures.outputs));
  }

  end(): Promise<Map<string, Tensor>[]> {
    return this.#measures.take();
  }

  async close(): Promise<void> {
    await this.#measures.close();
    await this.#session.close();
  }
}
