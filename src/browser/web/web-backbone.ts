import { FEATURES } from '../../graph/cut.js';
import type { Graph } from '../../graph/graph.js';
import { toModel } from '../../graph/to-model.js';
import { encodeModel } from '../../onnx/model-bytes.js';
import type { Tensor } from '../../onnx/tensor.js';
import { fail, present } from '../../util/error.js';
import { ForwardSession } from './forward-session.js';
import type { WebRuntime } from './web-runtime.js';

/** A frozen part of a network, in a browser: from images [N, C, H, W] to features [N, ...]. Its weights are constants. */
export class WebBackbone {
  private constructor(
    private readonly session: ForwardSession,
    /** Of one image's features. */
    readonly dims: readonly number[],
  ) {}

  static async open(runtime: WebRuntime, { graph, model }: BackboneModel): Promise<WebBackbone> {
    const { shape } = present(graph.outputs.get(FEATURES), 'the features');
    const dims = shape.slice(1).map((size) => {
      return typeof size === 'number'
        ? size
        : fail(graph.name, 'the shape of its features is open', { got: `${size}` });
    });
    return new WebBackbone(await ForwardSession.open(runtime, model), dims);
  }

  async features(images: Tensor): Promise<Tensor> {
    const results = await this.session.run({ images }, [FEATURES]);
    return present(results.get(FEATURES), 'the features');
  }

  close(): Promise<void> {
    return this.session.close();
  }
}

/** A backbone before it is opened. */
export interface BackboneModel {
  readonly graph: Graph;
  readonly model: Uint8Array;
}

/** A backbone with its weights as a model. */
export function backboneModel(graph: Graph, parameterOf: (name: string) => Tensor): BackboneModel {
  const parameters = new Map([...graph.parameters.keys()].map((name) => [name, parameterOf(name)]));
  return { graph, model: encodeModel(toModel(graph, { parameters })) };
}
