import { type Tensor, tensor, toNumbers } from '../../onnx/tensor.js';
import { settleAll } from '../../util/concurrency.js';
import { present } from '../../util/error.js';
import { checkStateTensor, failNoParameter, type StepRunner, wholeState } from '../step-runner.js';
import type { Place, Tensors } from './place.js';

/** One network of a group in its place. */
export interface Placed {
  readonly place: Place;
  /** The tensors that it carries over, with their shapes. */
  readonly state: ReadonlyMap<string, readonly number[]>;
  /** Names of what its step is fed. */
  readonly inputs: readonly string[];
}

/** Decides who teaches whom, from what all networks show. What it gives counts, not what places measure under the same name. */
export interface Ranking {
  /** Names of what it is fed. */
  readonly inputs: readonly string[];
  run(feeds: Tensors): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * A group of which every network trains in a place of its own. In a step each shows its logits, it is decided once who teaches
 * whom, and each takes its step with what the others have shown.
 */
export class PlacedRunner implements StepRunner {
  readonly #placed: readonly Placed[];
  /** In the order in which they are asked. */
  readonly #asked: readonly Placed[];
  readonly #ranking: Ranking;
  /** All tensors of the state, in the order in which they are handed over, with the network that each is of. */
  readonly #owners: ReadonlyMap<string, Placed>;
  /** What places have been told and may not have done yet. */
  #pending: Promise<unknown> = Promise.resolve();

  /** @param state - Names of all that the places carry over, in the order in which it is handed over. */
  constructor(placed: readonly Placed[], ranking: Ranking, state: readonly string[]) {
    this.#placed = placed;
    this.#asked = [...placed].sort((a, b) => Number(b.place.isElsewhere) - Number(a.place.isElsewhere));
    this.#ranking = ranking;
    const owners = new Map(placed.flatMap((each) => [...each.state.keys()].map((name) => [name, each] as const)));
    this.#owners = new Map(state.map((name) => [name, present(owners.get(name), `the place of ${name}`)]));
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    const given = wholeState(this.#owners.keys(), state, (name, value) => this.#check(name, value, where), where);
    this.#tell(given, (place, own) => place.load(own));
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) this.#check(name, given, where);
    this.#tell(tensors, (place, own) => place.update(own));
  }

  async step(feeds: Tensors): Promise<Map<string, Tensor>> {
    await this.#pending;
    const shown = Object.fromEntries(
      (await this.#all(({ place, inputs }) => place.forward(pick(inputs, feeds)))).flatMap((each) => [...each]),
    );
    const ranked = await this.#ranking.run(pick(this.#ranking.inputs, { ...feeds, ...shown }));
    const told = { ...shown, ...Object.fromEntries(ranked) };
    const measured = await this.#all(({ place, inputs }) => place.step(pick(inputs, told)));
    return new Map([...joined(measured), ...ranked]);
  }

  async state(names: readonly string[] = [...this.#owners.keys()]): Promise<Map<string, Tensor>> {
    await this.#pending;
    const owners = names.map((name) => this.#owners.get(name) ?? failNoParameter(name));
    const parts = await this.#all(({ place, state }) => {
      const own = names.filter((name) => state.has(name));
      return own.length === 0 ? Promise.resolve(new Map<string, Tensor>()) : place.state(own);
    });
    const all = new Map(parts.flatMap((part) => [...part]));
    return new Map(
      owners.map((_, i) => [names[i] as string, present(all.get(names[i] as string), `tensor ${names[i]}`)]),
    );
  }

  async close(): Promise<void> {
    await this.#pending.catch(() => undefined);
    await settleAll([...this.#placed.map(({ place }) => place), this.#ranking].map((each) => each.close()));
  }

  #check(name: string, given: Tensor, where: string): void {
    const owner = this.#owners.get(name) ?? failNoParameter(name);
    checkStateTensor(name, given, present(owner.state.get(name), name), where);
  }

  /** Hands each place its own tensors. They are copied before this returns; what a place fails at ends the next call. */
  #tell(
    tensors: ReadonlyMap<string, Tensor>,
    tell: (place: Place, own: ReadonlyMap<string, Tensor>) => Promise<void>,
  ): void {
    const told = this.#placed.flatMap(({ place, state }) => {
      const own = new Map([...tensors].filter(([name]) => state.has(name)));
      return own.size === 0 ? [] : [tell(place, own)];
    });
    this.#pending = Promise.all([this.#pending, ...told]);
    // Said by the next call, which waits for it
    this.#pending.catch(() => undefined);
  }

  /**
   * Asks all places, those elsewhere first, as one of this process may keep its thread for a whole step: those of one name one after the
   * other, others at the same time. Ends when all have ended, also where one fails.
   */
  async #all<Answer>(ask: (placed: Placed) => Promise<Answer>): Promise<Answer[]> {
    const ends = new Map<string, Promise<unknown>>();
    const answers = new Map<Placed, Promise<Answer>>();
    for (const placed of this.#asked) {
      const { name } = placed.place;
      const answer = (ends.get(name) ?? Promise.resolve()).then(() => ask(placed));
      ends.set(name, answer);
      answers.set(placed, answer);
    }
    await Promise.allSettled(answers.values());
    return Promise.all(this.#placed.map((placed) => present(answers.get(placed), 'an answer')));
  }
}

/** Those of some tensors that have one of the names. */
function pick(names: readonly string[], tensors: Tensors): Tensors {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = tensors[name];
      return value ? [[name, value]] : [];
    }),
  );
}

/** What was measured of each network, [1], as one vector [n] for each name. */
function joined(measured: readonly ReadonlyMap<string, Tensor>[]): Map<string, Tensor> {
  const names = [...(measured[0]?.keys() ?? [])];
  return new Map(
    names.map((name) => {
      const numbers = measured.flatMap((each) => toNumbers(present(each.get(name), name)));
      return [name, tensor('float32', [numbers.length], numbers)];
    }),
  );
}
