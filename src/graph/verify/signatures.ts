/**
 * Signatures of the operators that graphs may hold, in the form that operator set 20 gives them (onnx/docs/Operators.md):
 * `inputs outputs attribute=kind ...`, with `2-3` for a range, `1+` for any number from 1 on, `!` for an attribute that
 * must be there, and the words that a string may be in brackets.
 */
const AUTO_PAD = 'auto_pad=string(NOTSET|SAME_UPPER|SAME_LOWER|VALID)';
const WINDOW = `${AUTO_PAD} dilations=ints kernel_shape=ints pads=ints strides=ints`;
const POOL = `${AUTO_PAD} dilations=ints kernel_shape=ints! pads=ints strides=ints ceil_mode=int`;
const UNARY = '1 1';
const BINARY = '2 1';
const REDUCE = '1-2 1 keepdims=int noop_with_empty_axes=int';
const ARG = '1 1 axis=int keepdims=int select_last_index=int';

/** What ONNX Runtime's on-device training has put into ONNX's domain; `input_size` is Agon's. */
const ON_DEVICE_POOLING = {
  MaxPoolGrad: '2 1 input_size=ints!',
  AveragePoolGrad: '1 1 kernel_shape=ints! strides=ints pads=ints count_include_pad=int input_size=ints!',
};

export const ONNX: Readonly<Record<string, string>> = {
  ...each('Relu Sigmoid HardSwish Tanh Erf Softplus Softsign Mish', UNARY),
  ...each('Identity Neg Exp Log Sqrt Reciprocal Abs Sign Floor Ceil Not Size GlobalAveragePool GlobalMaxPool', UNARY),
  ...each('Add Sub Mul Div Pow And Or Equal Less LessOrEqual Greater GreaterOrEqual', BINARY),
  ...each('MatMul PRelu Unsqueeze Expand Tile', BINARY),
  ...each('Min Max Sum Mean', '1+ 1'),
  ...each('LeakyRelu Elu Celu ThresholdedRelu', '1 1 alpha=float'),
  ...each('Softmax LogSoftmax Flatten', '1 1 axis=int'),
  ...each('ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2', REDUCE),
  ...each('ReduceLogSum ReduceLogSumExp ReduceSumSquare', REDUCE),
  ...each('ArgMax ArgMin', ARG),
  HardSigmoid: '1 1 alpha=float beta=float',
  Selu: '1 1 alpha=float gamma=float',
  Gelu: '1 1 approximate=string(none|tanh)',
  Clip: '1-3 1',
  Dropout: '1-3 1-2 seed=int',
  LRN: '1 1 alpha=float beta=float bias=float size=int!',
  MeanVarianceNormalization: '1 1 axes=ints',
  Where: '3 1',
  Cast: '1 1 to=int! saturate=int',
  Conv: `2-3 1 ${WINDOW} group=int`,
  ConvTranspose: `2-3 1 ${WINDOW} group=int output_padding=ints output_shape=ints`,
  MaxPool: `1 1-2 ${POOL} storage_order=int`,
  AveragePool: `1 1 ${POOL} count_include_pad=int`,
  LpPool: `1 1 ${POOL} p=int`,
  BatchNormalization: '5 1-3 epsilon=float momentum=float training_mode=int',
  InstanceNormalization: '3 1 epsilon=float',
  LayerNormalization: '2-3 1-3 axis=int epsilon=float stash_type=int',
  Gemm: '2-3 1 alpha=float beta=float transA=int transB=int',
  Reshape: '2 1 allowzero=int',
  Transpose: '1 1 perm=ints',
  Squeeze: '1-2 1',
  Concat: '1+ 1 axis=int!',
  Split: '1-2 1+ axis=int num_outputs=int',
  Slice: '3-5 1',
  Pad: '2-4 1 mode=string(constant|reflect|edge|wrap)',
  Shape: '1 1 start=int end=int',
  DepthToSpace: '1 1 blocksize=int! mode=string(DCR|CRD)',
  SpaceToDepth: '1 1 blocksize=int!',
  Gather: '2 1 axis=int',
  OneHot: '3 1 axis=int',
  ScatterElements: '3 1 axis=int reduction=string(none|add|mul|max|min)',
  ConstantOfShape: '1 1 value=tensor',
  ...ON_DEVICE_POOLING,
};

/** ONNX Runtime's own operators (onnxruntime/docs/ContribOperators.md). */
export const RUNTIME: Readonly<Record<string, string>> = {
  FusedMatMul: '2 1 alpha=float transA=int transB=int transBatchA=int transBatchB=int',
  ConvGrad: `3 1-3 ${WINDOW} group=int`,
  BatchNormInternal: '5 5 epsilon=float momentum=float training_mode=int',
  BatchNormalizationGrad: '5 3 epsilon=float',
  ReluGrad: BINARY,
  InPlaceAccumulatorV2: '3 1-2',
};

function each(operators: string, signature: string): Record<string, string> {
  return Object.fromEntries(operators.split(' ').map((operator) => [operator, signature]));
}
