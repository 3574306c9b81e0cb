/**
 * The messages of onnx.proto as plain objects. Field names are those of the specification in camelCase.
 *
 * A decoded model has every field that these interfaces require; an optional field is there only if the file has it,
 * an optional list only if it isn't empty. Fields of type int64 are numbers: exact up to 2^53, beyond that rounded,
 * except that the largest and smallest int64 (the customary "to the end" of Slice) survive reading and writing.
 * Bytes are views into what was decoded.
 */

/** What every message may carry. */
export interface Message {
  /** Fields that this version of the schema doesn't know, each with its tag; they are written back as they were. */
  readonly unknownFields?: readonly Uint8Array[];
}

/** A model file. */
export interface ModelProto extends Message {
  readonly irVersion: number;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly graph: GraphProto;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly domain?: string;
  readonly modelVersion?: number;
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
  readonly trainingInfo?: readonly TrainingInfoProto[];
  readonly functions?: readonly FunctionProto[];
  readonly configuration?: readonly DeviceConfigurationProto[];
}

/** The version of one operator domain; a missing or empty domain is ONNX's own. */
export interface OperatorSetIdProto extends Message {
  readonly domain?: string;
  readonly version: number;
}

export interface StringStringEntryProto extends Message {
  readonly key: string;
  readonly value: string;
}

export interface GraphProto extends Message {
  readonly name: string;
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly sparseInitializer?: readonly SparseTensorProto[];
  readonly quantizationAnnotation?: readonly TensorAnnotation[];
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** One operator call. An empty name among the inputs or outputs is an optional one left out. */
export interface NodeProto extends Message {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly opType: string;
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute?: readonly AttributeProto[];
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
  readonly deviceConfigurations?: readonly NodeDeviceConfigurationProto[];
}

/** `AttributeProto.AttributeType`. */
export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

/** A named value; `type` (see {@link AttributeType}) says which field holds it. An empty list is no field at all. */
export interface AttributeProto extends Message {
  readonly name: string;
  readonly type?: number;
  readonly refAttrName?: string;
  readonly docString?: string;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly sparseTensor?: SparseTensorProto;
  readonly tp?: TypeProto;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly TensorProto[];
  readonly graphs?: readonly GraphProto[];
  readonly sparseTensors?: readonly SparseTensorProto[];
  readonly typeProtos?: readonly TypeProto[];
}

/** `TensorProto.DataLocation`. */
export const DataLocation = { DEFAULT: 0, EXTERNAL: 1 } as const;

/** A tensor as the file has it; see tensor-proto.ts for its elements. `dataType` is a code, see dtype.ts. */
export interface TensorProto extends Message {
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly name?: string;
  readonly docString?: string;
  readonly segment?: { readonly begin?: number; readonly end?: number };
  readonly floatData?: readonly number[];
  readonly int32Data?: readonly number[];
  /** 64-bit elements are exact. */
  readonly int64Data?: readonly bigint[];
  readonly uint64Data?: readonly bigint[];
  readonly doubleData?: readonly number[];
  readonly stringData?: readonly Uint8Array[];
  /** Little-endian elements. */
  readonly rawData?: Uint8Array;
  readonly externalData?: readonly StringStringEntryProto[];
  readonly dataLocation?: number;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** Values and their places, as linear (1-D) or coordinate (2-D) int64 indices. */
export interface SparseTensorProto extends Message {
  readonly dims: readonly number[];
  readonly values?: TensorProto;
  readonly indices?: TensorProto;
}

/** The name and type of a graph's input, output or intermediate value. */
export interface ValueInfoProto extends Message {
  readonly name: string;
  readonly type?: TypeProto;
  readonly docString?: string;
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** One of the `...Type` fields is set. */
export interface TypeProto extends Message {
  readonly tensorType?: TensorTypeProto;
  readonly sequenceType?: { readonly elemType?: TypeProto };
  readonly mapType?: { readonly keyType: number; readonly valueType?: TypeProto };
  readonly optionalType?: { readonly elemType?: TypeProto };
  readonly sparseTensorType?: TensorTypeProto;
  readonly opaqueType?: { readonly domain?: string; readonly name?: string };
  readonly denotation?: string;
}

/** A tensor's element type (a code, see dtype.ts) and shape; without a shape even the rank is unknown. */
export interface TensorTypeProto extends Message {
  readonly elemType: number;
  readonly shape?: TensorShapeProto;
}

export interface TensorShapeProto extends Message {
  readonly dim: readonly DimensionProto[];
}

/** A known length, a named one, or neither: unknown. */
export interface DimensionProto extends Message {
  readonly dimValue?: number;
  readonly dimParam?: string;
  readonly denotation?: string;
}

/** A function in the model's own vocabulary: its attributes are names, with defaults in `attributeProto`. */
export interface FunctionProto extends Message {
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly node: readonly NodeProto[];
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute?: readonly string[];
  readonly attributeProto?: readonly AttributeProto[];
  readonly docString?: string;
  readonly valueInfo?: readonly ValueInfoProto[];
  readonly metadataProps?: readonly StringStringEntryProto[];
}

/** ONNX's own description of training, which onnxruntime doesn't use. */
export interface TrainingInfoProto extends Message {
  readonly initialization?: GraphProto;
  readonly algorithm?: GraphProto;
  readonly initializationBinding?: readonly StringStringEntryProto[];
  readonly updateBinding?: readonly StringStringEntryProto[];
}

/** Quantization parameters of one value, by parameter name. */
export interface TensorAnnotation extends Message {
  readonly tensorName?: string;
  readonly quantParameterTensorNames?: readonly StringStringEntryProto[];
}

/** Named devices for multi-device inference (IR version 11). */
export interface DeviceConfigurationProto extends Message {
  readonly name: string;
  readonly numDevices?: number;
  readonly device?: readonly string[];
}

/** How a node is spread over the devices of one configuration. */
export interface NodeDeviceConfigurationProto extends Message {
  readonly configurationId?: string;
  readonly shardingSpec?: readonly ShardingSpecProto[];
  readonly pipelineStage?: number;
}

export interface ShardingSpecProto extends Message {
  readonly tensorName?: string;
  readonly device?: readonly number[];
  readonly indexToDeviceGroupMap?: readonly IntIntListEntryProto[];
  readonly shardedDim?: readonly ShardedDimProto[];
}

export interface IntIntListEntryProto extends Message {
  readonly key?: number;
  readonly value?: readonly number[];
}

export interface ShardedDimProto extends Message {
  readonly axis?: number;
  readonly simpleSharding?: readonly SimpleShardedDimProto[];
}

export interface SimpleShardedDimProto extends Message {
  readonly dimValue?: number;
  readonly dimParam?: string;
  readonly numShards?: number;
}
