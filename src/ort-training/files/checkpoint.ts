import type { Tensor } from '../../onnx/tensor.js';

/** What an optimizer keeps for one parameter: `momentum0` (and `momentum1` with AdamW). */
export type Momenta = ReadonlyMap<string, Tensor>;

export interface OptimizerGroup {
  readonly name: string;
  /** Updates done. */
  readonly step: bigint;
  readonly initialLearningRate: number;
  /** By parameter. */
  readonly states: ReadonlyMap<string, Momenta>;
}

/** A checkpoint of ONNX Runtime's on-device training (`ort_training_checkpoint.fbs`, versions 1 and 2). */
export interface OrtCheckpoint {
  readonly trainable: ReadonlyMap<string, Tensor>;
  readonly frozen: ReadonlyMap<string, Tensor>;
  readonly optimizers: readonly OptimizerGroup[];
  readonly properties: ReadonlyMap<string, bigint | number | string>;
  /** Whether it names parameters without their values. */
  readonly nominal: boolean;
}

/** At bytes 4 to 7 of the file. */
export const IDENTIFIER = 'ODTC';
/** The version that ONNX Runtime 1.19 reads and Agon writes. */
export const VERSION = 2;

/** Fields of the schema's tables, in its order. */
export const FIELDS = {
  checkpoint: { version: 0, module: 1, optimizers: 2, properties: 3 },
  module: { trainable: 0, frozen: 1, nominal: 2, external: 3 },
  group: { name: 0, step: 1, learningRate: 2, states: 3 },
  state: { parameter: 0, momenta: 1 },
  bag: { ints: 0, floats: 1, strings: 2 },
  property: { name: 0, value: 1 },
  tensor: { name: 0, doc: 1, dims: 2, type: 3, raw: 4, strings: 5, external: 6 },
} as const;
