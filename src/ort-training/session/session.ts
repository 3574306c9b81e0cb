import type { Tensor } from '../../onnx/tensor.js';
import { AgonError, fail } from '../../util/error.js';
import { bytesOf } from '../../util/typed-array.js';
import { describeRejection } from './exceptions.js';
import { type LibrarySession, type LibraryTensor, loadOrtTraining } from './library.js';

/** The official training files, as bytes. */
export interface TrainingArtifacts {
  readonly trainModel: Uint8Array;
  readonly evalModel?: Uint8Array | undefined;
  readonly optimizerModel?: Uint8Array | undefined;
  readonly checkpointState: Uint8Array;
}

type Tensors = Readonly<Record<string, Tensor>>;

const WHERE = 'ONNX Runtime training';

/**
 * A session of ONNX Runtime's official on-device training (1.19.2). Feeds are given by name in any order; what the library
 * throws becomes an error with its text.
 */
export class OrtTrainingSession {
  readonly #session: LibrarySession;
  readonly #toLibrary: (tensor: Tensor) => LibraryTensor;

  private constructor(session: LibrarySession, toLibrary: (tensor: Tensor) => LibraryTensor) {
    this.#session = session;
    this.#toLibrary = toLibrary;
  }

  static async open({ trainModel, evalModel, optimizerModel, checkpointState }: TrainingArtifacts) {
    const library = await loadOrtTraining();
    const given = { trainModel, evalModel, optimizerModel, checkpointState };
    const options = Object.fromEntries(
      Object.entries(given).flatMap(([name, bytes]) => (bytes ? [[name, bytes]] : [])),
    );
    const session = await attempt('opening the artifacts', () => library.TrainingSession.create(options));
    const toLibrary = ({ dtype, data, dims }: Tensor) => new library.Tensor(dtype, data, dims);
    return new OrtTrainingSession(session, toLibrary);
  }

  get inputs(): readonly string[] {
    return this.#session.trainingInputNames;
  }

  get outputs(): readonly string[] {
    return this.#session.trainingOutputNames;
  }

  /** Forward and backward: adds to the gradients, unless {@link resetGradients} was called before. */
  async trainStep(feeds: Tensors): Promise<Map<string, Tensor>> {
    const ordered = this.#ordered(feeds, this.#session.trainingInputNames);
    return fromLibrary(await attempt('a training step', () => this.#session.runTrainStep(ordered)));
  }

  /** Updates the parameters from the gradients. */
  async optimizerStep(): Promise<void> {
    await attempt('an optimizer step', () => this.#session.runOptimizerStep());
  }

  /** The next training step's gradients replace the ones that there are. */
  async resetGradients(): Promise<void> {
    await attempt('resetting the gradients', () => this.#session.lazyResetGrad());
  }

  /** The evaluation model's outputs; the library names them like the training model's. */
  async evalStep(feeds: Tensors): Promise<Map<string, Tensor>> {
    const ordered = this.#ordered(feeds, this.#session.evalInputNames);
    return fromLibrary(await attempt('an evaluation step', () => this.#session.runEvalStep(ordered)));
  }

  /** A copy of all parameters one after another, in the order of the training model's inputs. */
  async parameters({ trainableOnly = false } = {}): Promise<Float32Array> {
    const { data } = await attempt('reading the parameters', () =>
      this.#session.getContiguousParameters(trainableOnly),
    );
    return Float32Array.from(data as Float32Array);
  }

  async loadParameters(values: Float32Array, { trainableOnly = false } = {}): Promise<void> {
    const size = await attempt('counting the parameters', () => this.#session.getParametersSize(trainableOnly));
    if (size !== values.length) fail(WHERE, 'parameters', { expected: `${size} numbers`, got: String(values.length) });
    const bytes = bytesOf(values);
    await attempt('loading the parameters', () => this.#session.loadParametersBuffer(bytes, trainableOnly));
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  /** The library hands feeds over in the order of the object's keys, whatever they are called. */
  #ordered(feeds: Tensors, names: readonly string[]): Record<string, LibraryTensor> {
    const unknown = Object.keys(feeds).find((name) => !names.includes(name));
    if (unknown) fail(WHERE, `there is no input "${unknown}"`, { expected: names.join(', ') });
    return Object.fromEntries(
      names.map((name) => {
        const value = feeds[name] ?? fail(WHERE, `input "${name}" is missing`, { expected: names.join(', ') });
        return [name, this.#toLibrary(value)];
      }),
    );
  }
}

function fromLibrary(results: Readonly<Record<string, LibraryTensor>>): Map<string, Tensor> {
  return new Map(
    Object.entries(results).map(([name, { type, data, dims }]) => {
      return [name, { dtype: type as Tensor['dtype'], dims: [...dims], data }];
    }),
  );
}

async function attempt<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (reason) {
    throw new AgonError(WHERE, `${what} failed: ${describeRejection(reason)}`, { cause: reason });
  }
}
