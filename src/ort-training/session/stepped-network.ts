import { elementCount, float32Data, type Tensor, tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import { OrtTrainingSession, type TrainingArtifacts } from './session.js';

/** One network of a group, as the official session trains it. */
export interface SteppedSource {
  /** Its evaluation model gives the `logits` of the next training step, and changes nothing. */
  readonly artifacts: TrainingArtifacts;
  /** Before the names of its parameters in the group's state, of its logits, and of its lesson. */
  readonly prefix: string;
  /** In the order of the session's buffer. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** What each of its inputs is fed of a step: names by names. */
  readonly inputs: ReadonlyMap<string, string>;
  /** The input for what it is taught, if it is. */
  readonly lesson?: { readonly input: string; readonly dims: readonly number[] } | undefined;
}

type Feeds = Readonly<Record<string, Tensor>>;

interface Place {
  /** Where it begins in the session's buffer. */
  readonly offset: number;
  readonly shape: readonly number[];
}

/** A network in an official session, whose parameters can be set at any time: they are handed over before they are used. */
export class SteppedNetwork {
  readonly #session: OrtTrainingSession;
  readonly #source: SteppedSource;
  /** By the parameters' names in the group's state. */
  readonly places: ReadonlyMap<string, Place>;
  #pending = new Map<string, Float32Array>();

  private constructor(session: OrtTrainingSession, source: SteppedSource) {
    this.#session = session;
    this.#source = source;
    this.places = placesOf(source);
  }

  static async open(source: SteppedSource): Promise<SteppedNetwork> {
    return new SteppedNetwork(await OrtTrainingSession.open(source.artifacts), source);
  }

  /** Sets a parameter, copying it. */
  set(name: string, given: Tensor): void {
    this.#pending.set(name, float32Data(given).slice());
  }

  /** Its logits for a batch, normalised as in training. */
  async logits(feeds: Feeds): Promise<Tensor> {
    await this.#handOver();
    const { lesson } = this.#source;
    const nothing = lesson && tensor('float32', lesson.dims, new Float32Array(elementCount(lesson.dims)));
    const outputs = await this.#session.evalStep(this.#inputs(feeds, nothing));
    return present(outputs.get('logits'), 'the logits');
  }

  /** Forward, backward and update on a batch and a lesson. */
  async train(feeds: Feeds, lesson: Tensor | undefined): Promise<void> {
    await this.#handOver();
    await this.#session.resetGradients();
    await this.#session.trainStep(this.#inputs(feeds, lesson));
    await this.#session.optimizerStep();
  }

  /** Copies of some parameters, by their names in the group's state. */
  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    await this.#handOver();
    const buffer = await this.#session.parameters();
    return new Map(
      names.map((name) => {
        const { offset, shape } = present(this.places.get(name), name);
        return [name, tensor('float32', shape, buffer.slice(offset, offset + elementCount(shape)))];
      }),
    );
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  #inputs(feeds: Feeds, lesson: Tensor | undefined): Record<string, Tensor> {
    const { inputs, lesson: taught } = this.#source;
    const own: Record<string, Tensor> = {};
    for (const [name, feed] of inputs) if (feeds[feed]) own[name] = feeds[feed];
    if (taught) own[taught.input] = present(lesson, 'a lesson');
    return own;
  }

  /** The session takes all parameters at once. */
  async #handOver(): Promise<void> {
    if (this.#pending.size === 0) return;
    const buffer = await this.#session.parameters();
    for (const [name, values] of this.#pending) buffer.set(values, present(this.places.get(name), name).offset);
    await this.#session.loadParameters(buffer);
    this.#pending = new Map();
  }
}

function placesOf({ prefix, parameters }: SteppedSource): Map<string, Place> {
  let offset = 0;
  return new Map(
    parameters.map(({ name, shape }) => {
      const place = { offset, shape };
      offset += elementCount(shape);
      return [prefix + name, place];
    }),
  );
}
