import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type {
  AttributeProto,
  DimensionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  TypeProto,
} from '../../src/onnx/model.js';

/** A model that adds 1 to `x` and slices the sum to the end; one initializer, one attribute tensor. */
export const SMALL: ModelProto = {
  irVersion: 9,
  opsetImport: [{ version: 20 }],
  producerName: 'test',
  metadataProps: [{ key: 'k', value: 'v' }],
  graph: {
    name: 'small',
    node: [
      { input: ['x', 'one'], output: ['sum'], opType: 'Add', name: 'add' },
      {
        input: ['sum'],
        output: ['y'],
        opType: 'Slice',
        attribute: [
          { name: 'ends', type: 7, ints: [2 ** 63] },
          { name: 't', type: 4, t: { dims: [1], dataType: 7, int64Data: [2n ** 63n - 1n] } },
        ],
      },
    ],
    initializer: [{ name: 'one', dims: [1], dataType: 1, rawData: Uint8Array.of(0, 0, 128, 63) }],
    input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'n' }] } } } }],
    output: [{ name: 'y' }],
  },
};

const text = fc.string({ unit: 'grapheme', maxLength: 5 });
const bytes = fc.uint8Array({ maxLength: 5 }).map((array) => new Uint8Array(array));
const int = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 63, -(2 ** 63)));
const float = fc.float();
const some = <T>(part: fc.Arbitrary<T>) => fc.array(part, { minLength: 1, maxLength: 2 });
const any = <T>(part: fc.Arbitrary<T>) => fc.array(part, { maxLength: 2 });
const pair = fc.record({ key: text, value: text });
const opset = fc.record({ version: int, domain: text }, { requiredKeys: ['version'] });
const int32 = fc.integer();

const tensorProto: fc.Arbitrary<TensorProto> = fc.record(
  {
    dims: any(int),
    dataType: int32,
    name: text,
    floatData: some(float),
    int32Data: some(int32),
    int64Data: some(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    uint64Data: some(fc.bigInt(0n, 2n ** 64n - 1n)),
    doubleData: some(fc.double()),
    stringData: some(bytes),
    rawData: bytes,
    externalData: some(pair),
    dataLocation: int32,
    segment: fc.record({ begin: int, end: int }, { requiredKeys: [] }),
  },
  { requiredKeys: ['dims', 'dataType'] },
);
const dimension: fc.Arbitrary<DimensionProto> = fc.oneof(
  fc.record({ dimValue: int }),
  fc.record({ dimParam: text, denotation: text }),
);
const tensorType = fc.record(
  { elemType: int32, shape: fc.record({ dim: any(dimension) }) },
  { requiredKeys: ['elemType'] },
);
const plainType: fc.Arbitrary<TypeProto> = fc.oneof(
  fc.record({ tensorType }),
  fc.record({ sparseTensorType: tensorType, denotation: text }),
  fc.record({ opaqueType: fc.record({ domain: text, name: text }, { requiredKeys: [] }) }),
);
const type: fc.Arbitrary<TypeProto> = fc.oneof(
  plainType,
  fc.record({ sequenceType: fc.record({ elemType: plainType }) }),
  fc.record({ optionalType: fc.record({ elemType: plainType }) }),
  fc.record({ mapType: fc.record({ keyType: int32, valueType: plainType }) }),
);
const valueInfo = fc.record({ name: text, type, docString: text }, { requiredKeys: ['name'] });
const sparse = fc.record({ dims: any(int), values: tensorProto, indices: tensorProto }, { requiredKeys: ['dims'] });

function attributeOf(graph: fc.Arbitrary<GraphProto>): fc.Arbitrary<AttributeProto> {
  return fc.record(
    {
      name: text,
      type: int32,
      refAttrName: text,
      f: float,
      i: int,
      s: bytes,
      t: tensorProto,
      g: graph,
      tp: type,
      sparseTensor: sparse,
      floats: some(float),
      ints: some(int),
      strings: some(bytes),
      graphs: some(graph),
      typeProtos: some(type),
    },
    { requiredKeys: ['name'] },
  );
}

function nodeOf(attribute: fc.Arbitrary<AttributeProto>): fc.Arbitrary<NodeProto> {
  return fc.record(
    { input: any(text), output: any(text), opType: text, name: text, domain: text, attribute: some(attribute) },
    { requiredKeys: ['input', 'output', 'opType'] },
  );
}

function graphOf(node: fc.Arbitrary<NodeProto>): fc.Arbitrary<GraphProto> {
  return fc.record(
    {
      name: text,
      node: any(node),
      initializer: any(tensorProto),
      input: any(valueInfo),
      output: any(valueInfo),
      valueInfo: some(valueInfo),
      sparseInitializer: some(sparse),
      metadataProps: some(pair),
    },
    { requiredKeys: ['name', 'node', 'initializer', 'input', 'output'] },
  );
}

const leaf = fc.constant<NodeProto>({ input: [], output: ['y'], opType: 'Constant' });
const attribute = attributeOf(graphOf(leaf));
const node = nodeOf(attribute);

/** Models that use nearly every field; they need not make sense. Subgraphs have no subgraphs. */
export const anyModel: fc.Arbitrary<ModelProto> = fc.record(
  {
    irVersion: fc.integer({ min: 1, max: 14 }),
    opsetImport: some(opset),
    graph: graphOf(node),
    producerName: text,
    modelVersion: int,
    docString: text,
    metadataProps: some(pair),
    trainingInfo: some(fc.record({ initialization: graphOf(leaf), updateBinding: some(pair) })),
    functions: some(
      fc.record({
        name: text,
        input: any(text),
        output: any(text),
        node: any(node),
        opsetImport: any(opset),
        attribute: some(text),
        attributeProto: some(attribute),
      }),
    ),
    configuration: some(fc.record({ name: text, numDevices: int32, device: some(text) })),
    // Field 1000, a varint.
    unknownFields: fc.constant([Uint8Array.of(0xc0, 0x3e, 5)]),
  },
  { requiredKeys: ['irVersion', 'opsetImport', 'graph'] },
);

const FOLDER = fileURLToPath(new URL('../../../shared/data/onnx-models/', import.meta.url));

/** The names of the real models at hand: none where ../shared is absent. */
export const realModels: readonly string[] = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => name.endsWith('.onnx'))
  : [];

/** The bytes of a real model. */
export function realModel(name: string): Uint8Array {
  return readFileSync(FOLDER + name);
}
