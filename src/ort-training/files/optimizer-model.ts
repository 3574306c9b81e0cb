import { IR_VERSION, OPSET } from '../../graph/to-model.js';
import {
  type AttributeProto,
  AttributeType,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from '../../onnx/model.js';
import { codeOfDtype, type Tensor, tensor } from '../../onnx/tensor.js';
import { toTensorProto } from '../../onnx/tensor-proto.js';
import type { OptimizerSettings } from '../../optim/optimizer.js';
import { fail } from '../../util/error.js';
import type { Rates } from './rates.js';

/**
 * The optimizer model of ONNX Runtime's on-device training: one AdamWOptimizer or SGDOptimizerV2 over all parameters. The session
 * always feeds the learning rate 0.001 and offers no way to set it, so the rates are in the graph: that of update i (from 0) after
 * `updates` earlier ones, which the session counts on from, is `rates[i]`, and after the last one it stays.
 *
 * @throws AgonError for SGD with momentum, which ONNX Runtime doesn't have.
 */
export function buildOptimizerModel(settings: OptimizerSettings, rates: Rates, updates = 0): ModelProto {
  if (rates.length === 0) throw new Error('internal error: no learning rates');
  const table: Schedule = {
    rates: tensor('float32', [rates.length], Float32Array.from(rates)),
    first: tensor('int64', [1], [updates + 1]),
    zero: tensor('int64', [1], [0]),
    last: tensor('int64', [1], [rates.length - 1]),
  };
  return settings.name === 'sgd' ? sgdModel(settings, table) : adamwModel(settings, table);
}

/** The constants of {@link rateNodes}, by name. */
type Schedule = Readonly<Record<'rates' | 'first' | 'zero' | 'last', Tensor>>;

const FLOATS = codeOfDtype('float32');
const INT64 = codeOfDtype('int64');
const BOOL = codeOfDtype('bool');

function adamwModel(settings: Extract<OptimizerSettings, { name: 'adamw' }>, rates: Schedule): ModelProto {
  const { betas, eps, weightDecay, variant } = settings;
  const inputs = ['learning_rate_now', 'step', 'params', 'gradients', 'first_order_moments', 'second_order_moments'];
  const attribute = [
    float('alpha', betas[0]),
    float('beta', betas[1]),
    float('epsilon', eps),
    float('weight_decay', weightDecay),
    int('correct_bias', 1),
    int('adam_mode', variant === 'huggingface' ? 1 : 0),
  ];
  const update = node('AdamWOptimizer', inputs, 'updated_flag', attribute);
  return optimizerModel(rates, [...SEQUENCES, 'second_order_moments'], [update], flag('updated_flag', [1]));
}

function sgdModel({ momentum }: Extract<OptimizerSettings, { name: 'sgd' }>, rates: Schedule): ModelProto {
  if (momentum !== 0) {
    fail('optimizer', 'SGD of ONNX Runtime’s on-device training has no momentum', {
      expected: 'momentum 0',
      got: String(momentum),
      hint: 'Use --momentum 0 --no-nesterov, or --optimizer adamw',
    });
  }
  const scalar: NodeProto = {
    opType: 'Squeeze',
    name: 'scalar_rate',
    input: ['learning_rate_now', 'first_axis'],
    output: ['rate'],
  };
  const update = node('SGDOptimizerV2', ['rate', 'params', 'gradients'], 'update_completed', []);
  // Its flag is a scalar: declared [1], as the Python tool does, this build refuses it
  return optimizerModel(rates, SEQUENCES, [scalar, update], flag('update_completed', []), {
    first_axis: tensor('int64', [1], [0]),
  });
}

const SEQUENCES = ['params', 'gradients', 'first_order_moments'] as const;

function optimizerModel(
  rates: Schedule,
  sequences: readonly string[],
  nodes: readonly NodeProto[],
  output: ValueInfoProto,
  constants: Readonly<Record<string, Tensor>> = {},
): ModelProto {
  return {
    irVersion: IR_VERSION,
    producerName: 'agon',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'optimizer',
      input: [
        valueInfo('learning_rate', FLOATS, [1]),
        valueInfo('step', INT64, [1]),
        ...sequences.map((name) => ({
          name,
          type: { sequenceType: { elemType: { tensorType: { elemType: FLOATS } } } },
        })),
      ],
      output: [output],
      initializer: Object.entries({ ...rates, ...constants }).map(([name, content]) => toTensorProto(name, content)),
      node: [...rateNodes(), ...nodes],
    },
  };
}

/** learning_rate_now = rates[max(0, min(step - first, last))]: the session counts its updates from 1. */
function rateNodes(): NodeProto[] {
  return [
    { opType: 'Sub', name: 'updates_done', input: ['step', 'first'], output: ['done'] },
    { opType: 'Min', name: 'index_of_rate', input: ['done', 'last'], output: ['bounded'] },
    { opType: 'Max', name: 'index_from_zero', input: ['bounded', 'zero'], output: ['index'] },
    { opType: 'Gather', name: 'rate_of_step', input: ['rates', 'index'], output: ['learning_rate_now'] },
  ];
}

function node(
  opType: string,
  input: readonly string[],
  output: string,
  attribute: readonly AttributeProto[],
): NodeProto {
  return { opType, domain: 'com.microsoft', name: opType, input, output: [output], attribute };
}

function valueInfo(name: string, elemType: number, shape: readonly number[]): ValueInfoProto {
  return { name, type: { tensorType: { elemType, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } } };
}

const flag = (name: string, shape: readonly number[]) => valueInfo(name, BOOL, shape);
const float = (name: string, f: number): AttributeProto => ({ name, type: AttributeType.FLOAT, f });
const int = (name: string, i: number): AttributeProto => ({ name, type: AttributeType.INT, i });
