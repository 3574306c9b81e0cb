import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
  TrainingInfoProto,
} from './model.js';

type Change = (proto: TensorProto) => TensorProto;

/** The model with every tensor replaced, wherever it is: initializers, attributes, subgraphs, functions. */
export function mapTensors(model: ModelProto, change: Change): ModelProto {
  const { graph, functions, trainingInfo } = model;
  return {
    ...model,
    graph: inGraph(graph, change),
    ...(functions && { functions: functions.map((part) => inFunction(part, change)) }),
    ...(trainingInfo && { trainingInfo: trainingInfo.map((part) => inTraining(part, change)) }),
  };
}

function inGraph(graph: GraphProto, change: Change): GraphProto {
  const { node, initializer, sparseInitializer } = graph;
  return {
    ...graph,
    node: node.map((part) => inNode(part, change)),
    initializer: initializer.map(change),
    ...(sparseInitializer && { sparseInitializer: sparseInitializer.map((part) => inSparse(part, change)) }),
  };
}

function inNode(node: NodeProto, change: Change): NodeProto {
  return node.attribute ? { ...node, attribute: node.attribute.map((part) => inAttribute(part, change)) } : node;
}

function inAttribute(attribute: AttributeProto, change: Change): AttributeProto {
  const { t, g, tensors, graphs, sparseTensor, sparseTensors } = attribute;
  return {
    ...attribute,
    ...(t && { t: change(t) }),
    ...(g && { g: inGraph(g, change) }),
    ...(tensors && { tensors: tensors.map(change) }),
    ...(graphs && { graphs: graphs.map((part) => inGraph(part, change)) }),
    ...(sparseTensor && { sparseTensor: inSparse(sparseTensor, change) }),
    ...(sparseTensors && { sparseTensors: sparseTensors.map((part) => inSparse(part, change)) }),
  };
}

function inSparse(sparse: SparseTensorProto, change: Change): SparseTensorProto {
  const { values, indices } = sparse;
  return { ...sparse, ...(values && { values: change(values) }), ...(indices && { indices: change(indices) }) };
}

function inFunction(part: FunctionProto, change: Change): FunctionProto {
  const { node, attributeProto } = part;
  return {
    ...part,
    node: node.map((inner) => inNode(inner, change)),
    ...(attributeProto && { attributeProto: attributeProto.map((inner) => inAttribute(inner, change)) }),
  };
}

function inTraining(part: TrainingInfoProto, change: Change): TrainingInfoProto {
  const { initialization, algorithm } = part;
  return {
    ...part,
    ...(initialization && { initialization: inGraph(initialization, change) }),
    ...(algorithm && { algorithm: inGraph(algorithm, change) }),
  };
}
