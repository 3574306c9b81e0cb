import type { StatefulGraph } from '../../lower/stateful-graph.js';
import type { Tensor } from '../../onnx/tensor.js';
import { type Burst, checkedState, checkStateTensor, type StepRunner, shapeOf } from '../../runtime/step-runner.js';
import type { CarriedState } from '../../runtime/stepping/carried-state.js';
import { at } from '../../util/checked.js';
import { present } from '../../util/error.js';
import type { StepIo } from './step-io.js';
import type { Feeds, WebSession } from './web-session.js';

/** A step that is open in a browser. */
export interface WebStep {
  readonly session: WebSession;
  /** As the outside knows it. */
  readonly source: StatefulGraph;
  /** What is run, whose state may be laid out otherwise. */
  readonly carried: Pick<StatefulGraph, 'state' | 'nextOf'>;
  readonly state: CarriedState;
  readonly io: StepIo;
}

/** A training step in a browser, whose state stays where it runs. */
export class WebStepper implements StepRunner {
  constructor(private readonly opened: WebStep) {}

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    this.opened.state.load(checkedState(this.opened.source, state, where));
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    for (const [name, given] of tensors) this.opened.state.replace(name, given);
  }

  async step(feeds: Feeds): Promise<Map<string, Tensor>> {
    await this.#add(feeds);
    return at(await this.opened.io.take(), 0);
  }

  burst(): Burst {
    return { add: (feeds) => this.#add(feeds), end: () => this.opened.io.take() };
  }

  state(names: readonly string[] = this.opened.source.state): Promise<Map<string, Tensor>> {
    const { session, state } = this.opened;
    return session.runtime.exclusively(() => state.read(names));
  }

  async close(): Promise<void> {
    const { session, state, io } = this.opened;
    io.close();
    await state.close();
    await session.close();
  }

  #add(feeds: Feeds): Promise<void> {
    const { session, carried, state, io } = this.opened;
    return session.runtime.exclusively(async () => {
      await state.settle();
      const inputs = { ...Object.fromEntries(state.current), ...io.feeds(feeds) };
      const results = await session.runHeld(inputs as Parameters<WebSession['runHeld']>[0]);
      const next = carried.state.map((name) => [name, present(results[carried.nextOf(name)], name)] as const);
      state.advance(new Map(next));
      io.keep(results);
    });
  }

  #check(name: string, given: Tensor, where: string): void {
    checkStateTensor(name, given, shapeOf(this.opened.source, name), where);
  }
}
