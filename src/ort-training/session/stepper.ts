import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { lower } from '../../lower/lower.js';
import { portable } from '../../lower/portable/portable.js';
import { encodeModel } from '../../onnx/file.js';
import type { Tensor } from '../../onnx/tensor.js';
import { CPU } from '../../runtime/device.js';
import { type Feeds, Session } from '../../runtime/session.js';
import { checkStateTensor, failNoParameter, type StepRunner } from '../../runtime/step-runner.js';
import { fail, present } from '../../util/error.js';
import { SteppedNetwork, type SteppedSource } from './stepped-network.js';

export interface OrtStepperSource {
  readonly networks: readonly SteppedSource[];
  /**
   * What networks learn from each other: inputs `<prefix>logits` of each network and feeds of the step; outputs `<prefix>lesson` of
   * each that is taught, and those of the step.
   */
  readonly lessons: Graph;
}

/**
 * Steps of a group whose forward, backward and update are those of ONNX Runtime's official training session, one a network: all
 * logits first, then what each network is taught, then one step of each. The state is parameters and running statistics;
 * these take in the biased variance of the batch, where Agon's own engine takes the unbiased one. The optimizers' own state can't be
 * read or set, and the learning rates are in their models.
 */
export class OrtTrainingStepper implements StepRunner {
  readonly #networks: readonly SteppedNetwork[];
  readonly #lessons: Session;
  readonly #source: OrtStepperSource;

  private constructor(networks: readonly SteppedNetwork[], lessons: Session, source: OrtStepperSource) {
    this.#networks = networks;
    this.#lessons = lessons;
    this.#source = source;
  }

  static async open(source: OrtStepperSource, threads?: number): Promise<OrtTrainingStepper> {
    const model = encodeModel(toModel(lower(source.lessons, portable)));
    const lessons = await Session.open(model, { device: CPU, threads });
    const networks: SteppedNetwork[] = [];
    for (const network of source.networks) networks.push(await SteppedNetwork.open(network));
    return new OrtTrainingStepper(networks, lessons, source);
  }

  load(state: ReadonlyMap<string, Tensor>, where = 'state'): void {
    const names = this.#names();
    this.update(
      new Map(names.map((name) => [name, state.get(name) ?? fail(where, `tensor "${name}" is missing`)])),
      where,
    );
  }

  update(tensors: ReadonlyMap<string, Tensor>, where = 'state'): void {
    for (const [name, given] of tensors) {
      checkStateTensor(name, given, present(this.#ownerOf(name).places.get(name), name).shape, where);
    }
    for (const [name, given] of tensors) this.#ownerOf(name).set(name, given);
  }

  async step(feeds: Feeds): Promise<Map<string, Tensor>> {
    const logits: Record<string, Tensor> = {};
    for (const [i, network] of this.#networks.entries())
      logits[`${this.#prefix(i)}logits`] = await network.logits(feeds);
    const results = await this.#teach({ ...feeds, ...logits });
    for (const [i, network] of this.#networks.entries()) {
      const name = `${this.#prefix(i)}lesson`;
      await network.train(feeds, results.get(name));
      results.delete(name);
    }
    return results;
  }

  async state(names: readonly string[] = this.#names()): Promise<Map<string, Tensor>> {
    const found = new Map<string, Tensor>();
    for (const network of this.#networks) {
      const own = names.filter((name) => network.places.has(name));
      if (own.length === 0) continue;
      for (const [name, value] of await network.read(own)) found.set(name, value);
    }
    return new Map(names.map((name) => [name, found.get(name) ?? failNoParameter(name)]));
  }

  async close(): Promise<void> {
    await this.#lessons.close();
    for (const network of this.#networks) await network.close();
  }

  async #teach(given: Feeds): Promise<Map<string, Tensor>> {
    const { inputs, outputs } = this.#source.lessons;
    const feeds = Object.fromEntries(
      inputs.flatMap(({ name }) => {
        const value = given[name];
        return value ? [[name, value]] : [];
      }),
    );
    return this.#lessons.run(feeds, [...outputs.keys()]);
  }

  #prefix(i: number): string {
    return present(this.#source.networks[i], 'a network').prefix;
  }

  #names(): string[] {
    return this.#networks.flatMap(({ places }) => [...places.keys()]);
  }

  #ownerOf(name: string): SteppedNetwork {
    return this.#networks.find(({ places }) => places.has(name)) ?? failNoParameter(name);
  }
}
