import { float32Data, type Tensor } from '../../onnx/tensor.js';
import { present } from '../../util/error.js';
import type { WebRuntime } from './web-runtime.js';
import { type Feeds, WebSession } from './web-session.js';

/** How far numbers of the graphics card may be from the processor's, as a share of the largest of them. */
const TOLERANCE = 1e-2;

/** A forward graph that runs on the graphics card where its first answers are the processor's, else on the processor. */
export class ForwardSession {
  #session: WebSession;
  /** Until the first run. */
  #reference: WebSession | undefined;

  private constructor(session: WebSession, reference: WebSession | undefined) {
    this.#session = session;
    this.#reference = reference;
  }

  static async open(runtime: WebRuntime, model: Uint8Array): Promise<ForwardSession> {
    const onProcessor = await WebSession.open(runtime, model, { provider: 'wasm' });
    if (runtime.provider === 'wasm') return new ForwardSession(onProcessor, undefined);
    const onCard = await WebSession.open(runtime, model).catch(() => undefined);
    return onCard ? new ForwardSession(onCard, onProcessor) : new ForwardSession(onProcessor, undefined);
  }

  async run(feeds: Feeds, outputs: readonly string[]): Promise<Map<string, Tensor>> {
    const reference = this.#reference;
    if (!reference) return this.#session.run(feeds, outputs);
    this.#reference = undefined;
    const expected = await reference.run(feeds, outputs);
    const got = await this.#session.run(feeds, outputs).catch(() => undefined);
    const same =
      got && outputs.every((name) => areClose(present(expected.get(name), name), present(got.get(name), name)));
    const [kept, other] = same ? [this.#session, reference] : [reference, this.#session];
    this.#session = kept;
    await other.close();
    return same ? got : expected;
  }

  async close(): Promise<void> {
    await this.#reference?.close();
    await this.#session.close();
  }
}

/** Whether numbers are those that are expected, up to rounding; none is where one isn't finite. */
function areClose(expected: Tensor, got: Tensor): boolean {
  const [ours, theirs] = [float32Data(expected), float32Data(got)];
  const largest = ours.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
  // Written so that NaN fails, too
  return (
    ours.length === theirs.length &&
    ours.every((x, i) => Math.abs(x - (theirs[i] ?? Number.NaN)) <= TOLERANCE * largest)
  );
}
