import { ofAllRuns, RUNS } from '../../graph/loop-model.js';
import { range } from '../../graph/node/axes.js';
import type { StatefulGraph } from '../../lower/stateful-graph.js';
import { scalar, type Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type * as ort from '../onnxruntime.js';
import { type Feeds, fromOrt, type Session, toOrt } from '../session.js';
import type { CarriedState } from './carried-state.js';
import { inTypes } from './fed.js';
import type { FedTypes } from './fed-types.js';
import { runToNext } from './run-to-next.js';
import { StackedFeeds } from './stacked-feeds.js';
import { measuresOf, type StepRuns } from './step-runs.js';

/** Several steps a run, of a session for a model that loops over a step (`toLoopModel`): between them the state stays where they run. */
export class LoopedRuns implements StepRuns {
  readonly #session: Session;
  readonly #source: StatefulGraph;
  readonly #state: CarriedState;
  readonly #types: FedTypes;
  readonly #perRun: number;
  readonly #waiting: StackedFeeds;
  readonly #measured: readonly string[];
  #done: Map<string, Tensor>[] = [];

  constructor(
    session: Session,
    source: StatefulGraph,
    { state, types, perRun }: { readonly state: CarriedState; readonly types: FedTypes; readonly perRun: number },
  ) {
    this.#session = session;
    this.#source = source;
    this.#state = state;
    this.#types = types;
    this.#perRun = perRun;
    this.#waiting = new StackedFeeds(perRun);
    this.#measured = measuresOf(source);
  }

  async add(feeds: Feeds): Promise<void> {
    this.#waiting.add(inTypes(feeds, this.#types));
    if (this.#waiting.count === this.#perRun) await this.#run();
  }

  async end(): Promise<Map<string, Tensor>[]> {
    if (this.#waiting.count > 0) await this.#run();
    const done = this.#done;
    this.#done = [];
    return done;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #run(): Promise<void> {
    const { count } = this.#waiting;
    await this.#state.settle();
    const inputs: Record<string, ort.Tensor> = Object.fromEntries(this.#state.current);
    for (const [name, value] of Object.entries(this.#waiting.take())) inputs[ofAllRuns(name)] = toOrt(value);
    inputs[RUNS] = toOrt(scalar(count, 'int64'));
    const outputs = this.#measured.map(ofAllRuns);
    const results = await runToNext(this.#session, this.#source, this.#state, inputs, outputs);
    const stacked = this.#measured.map((name) => [name, fromOrt(present(results[ofAllRuns(name)], name))] as const);
    for (const i of range(count)) this.#done.push(new Map(stacked.map(([name, all]) => [name, ofRun(all, i)])));
  }
}

/** What one run put out, of what all did. */
function ofRun({ dtype, dims: [count = 1, ...dims], data }: Tensor, i: number): Tensor {
  const length = data.length / count;
  return { dtype, dims, data: data.slice(i * length, (i + 1) * length) as Tensor['data'] };
}
