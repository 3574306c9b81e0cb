/** Marks an operator that is done on plain tensors, and says why: it ends the sentence "it leaves the blocked layout, because". */
export interface Leaves {
  readonly because: string;
}

const because = (reason: string, ...operators: readonly string[]): Readonly<Record<string, Leaves>> =>
  Object.fromEntries(operators.map((operator) => [operator, { because: reason }]));

const UNWRITTEN = 'no blocked form is written';

/** ONNX's own operators. */
export const ONNX = {
  ...because('it takes matrices, not images', 'Gemm', 'MatMul'),
  ...because('it goes along axes, which blocks take apart', 'Softmax', 'LogSoftmax', 'LRN', 'LayerNormalization'),
  ...because('it goes along axes, which blocks take apart', 'InstanceNormalization', 'MeanVarianceNormalization'),
  ...because('it goes along axes, which blocks take apart', 'ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin'),
  ...because('it goes along axes, which blocks take apart', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare'),
  ...because('it goes along axes, which blocks take apart', 'ReduceLogSum', 'ReduceLogSumExp', 'ArgMax', 'ArgMin'),
  ...because(
    'it moves elements, whose places blocks change',
    'Reshape',
    'Flatten',
    'Transpose',
    'Squeeze',
    'Unsqueeze',
  ),
  ...because('it moves elements, whose places blocks change', 'DepthToSpace', 'SpaceToDepth', 'Tile', 'Pad', 'Slice'),
  ...because('it moves elements, whose places blocks change', 'Gather', 'ScatterElements'),
  ...because(`${UNWRITTEN}: a part's channels need not fill blocks`, 'Concat', 'Split'),
  ...because('it makes sizes or fills, not images', 'Shape', 'Size', 'ConstantOfShape', 'OneHot'),
  ...because('in training it is a Mul with random zeros', 'Dropout'),
  ...because(`${UNWRITTEN}: training has it only where statistics are frozen`, 'BatchNormalization'),
  ...because(UNWRITTEN, 'AveragePool', 'ConvTranspose', 'GlobalMaxPool', 'LpPool'),
  ...because('it is of another target', 'AveragePoolGrad', 'MaxPoolGrad'),
};

/** Agon's own. */
export const SEMANTIC = because(UNWRITTEN, 'AveragePoolGrad');
