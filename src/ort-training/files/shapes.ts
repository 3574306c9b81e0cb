import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/node/node.js';
import type { ModelProto } from '../../onnx/model.js';
import { codeOfDtype } from '../../onnx/tensor.js';

/** Operators of on-device training whose results' shapes ONNX Runtime must be told; their `input_size` is for Agon only. */
const UNINFERRED = new Set(['MaxPoolGrad', 'AveragePoolGrad']);

/** A lowered graph's model with the shapes that ONNX Runtime can't infer, and without what it doesn't know. */
export function tellShapes(model: ModelProto, graph: Graph): ModelProto {
  const results = graph.nodes.filter(({ op, domain }) => UNINFERRED.has(op) && domain === '');
  return {
    ...model,
    graph: {
      ...model.graph,
      valueInfo: results.map((result) => valueInfo(result.output(0))),
      node: model.graph.node.map((node) => {
        if (!UNINFERRED.has(node.opType)) return node;
        return { ...node, attribute: (node.attribute ?? []).filter(({ name }) => name !== 'input_size') };
      }),
    },
  };
}

function valueInfo({ name, dtype, shape }: Value) {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: codeOfDtype(dtype), shape: { dim } } } };
}
