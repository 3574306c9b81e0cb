import type { ModelProto } from '../onnx/model.js';
import { fail } from '../util/error.js';
import { withFoldedNorms } from './fold-norms.js';
import { type Calibration, observe } from './observe.js';
import { planQuantisation } from './plan.js';
import { withQuantisation } from './qdq.js';

/** A model in whole numbers of 8 bits. */
export interface QuantisedModel {
  readonly model: ModelProto;
  /** The kinds of operators that still compute in float32. */
  readonly inSingle: readonly string[];
}

/**
 * A float32 model with its convolutions and matrix products, and what lies between them, in whole numbers of 8 bits, by ranges that its
 * values had on calibration images; its inputs and outputs stay float32. Normalisations are folded into convolutions first.
 */
export async function quantised(given: ModelProto, where: string, calibration: Calibration): Promise<QuantisedModel> {
  const model = withFoldedNorms(given);
  const plan = planQuantisation(model.graph);
  if (plan.weighted.length === 0) {
    fail(where, 'nothing in it can be quantised', { expected: 'a Conv, Gemm or MatMul with stored weights' });
  }
  return {
    model: withQuantisation(model, plan, await observe(model, plan, calibration)),
    inSingle: plan.inSingle,
  };
}
