import type { ModelProto, NodeProto } from '../onnx/model.js';

/**
 * A model that was exported in training mode as one for inference: BatchNormalization by its running statistics, Dropout that drops
 * nothing, and their first outputs alone. Training goes its own way with both.
 */
export function inInferenceForm(model: ModelProto): ModelProto {
  if (!model.graph.node.some(isTraining)) return model;
  const node = model.graph.node.map((each) => (isTraining(each) ? forInference(each) : each));
  return { ...model, graph: { ...model.graph, node } };
}

function isTraining({ opType, attribute = [], input }: NodeProto): boolean {
  if (opType === 'BatchNormalization') return attribute.some(({ name, i }) => name === 'training_mode' && i === 1);
  return opType === 'Dropout' && Boolean(input[2]);
}

function forInference(node: NodeProto): NodeProto {
  const { opType, input, output, attribute = [] } = node;
  return {
    ...node,
    input: opType === 'Dropout' ? input.slice(0, 2) : input,
    output: output.slice(0, 1),
    attribute: attribute.filter(({ name }) => name !== 'training_mode'),
  };
}
