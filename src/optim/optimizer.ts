import { z } from 'zod';
import { reshape } from '../graph/arithmetic.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/node/node.js';
import { type AdamWSettings, adamw, adamwSchema } from './adamw.js';
import { type SgdSettings, sgd, sgdSchema } from './sgd.js';
import type { Skips } from './skips.js';

export type { AdamWSettings } from './adamw.js';
export type { SgdSettings } from './sgd.js';

/** The settings of an optimizer, by its name. */
export const optimizerSchema = z
  .discriminatedUnion('name', [sgdSchema, adamwSchema])
  .default(sgdSchema.parse({ name: 'sgd' }))
  .meta({ flag: '--optimizer <name>', group: 'Steps', description: 'optimizer, as PyTorch has it', help: '' });
/** The settings of one of the optimizers. */
export type OptimizerSettings = SgdSettings | AdamWSettings;

/** An update rule: pure graph building, plus the scalars that change from step to step. */
export interface Optimizer {
  /** Names of the tensors kept for each parameter, of its shape, zero at first. */
  readonly states: readonly string[];
  /** Names of the scalar inputs. */
  readonly scalars: readonly string[];
  /** The scalars' values for a learning rate and a step, counted from 1. */
  scalarsAt(lr: number, step: number): Readonly<Record<string, number>>;
  /**
   * The scalars in a graph of parameters whose learning rate is so many times that of the given scalars, and whose weight decay is this
   * optimizer's, or 0 as its settings say.
   */
  scaleRate(g: Graph, scalars: readonly Value[], rate: number): Value[];
  /** Adds one parameter’s update to the graph: gradient and states have the parameter’s shape, scalars none. */
  update(g: Graph, parameter: Value, gradient: Value, states: readonly Value[], scalars: readonly Value[]): Updated;
  /** What a state of `from` updates is multiplied by where it goes on as one of `to`; 1 where that makes no difference. */
  recount(state: string, from: number, to: number): number;
  /** What keeps count of updates that are left out, as float16's loss scaling does; absent where the scalars don't depend on a count. */
  readonly skips?: Skips;
}

/** What takes the place of a parameter and its states, of their shapes. */
export interface Updated {
  readonly parameter: Value;
  readonly states: readonly Value[];
}

/** The update rule of these settings. */
export function createOptimizer(settings: OptimizerSettings): Optimizer {
  return inOneAxis(ruleOf(settings));
}

function ruleOf(settings: OptimizerSettings): Optimizer {
  switch (settings.name) {
    case 'sgd':
      return sgd(settings);
    case 'adamw':
      return adamw(settings);
  }
}

/**
 * Updates tensors whose last axis has one element (1x1 kernels) as vectors: ONNX Runtime broadcasts a scalar over the
 * longest run of equal last axes, which for those is a single element at a time.
 */
function inOneAxis(optimizer: Optimizer): Optimizer {
  return {
    ...optimizer,
    update(g, parameter, gradient, states, scalars) {
      const shape = parameter.shape as readonly number[];
      if (shape.length < 2 || shape.at(-1) !== 1) return optimizer.update(g, parameter, gradient, states, scalars);
      const flat = (value: Value) => reshape(g, value, [-1]);
      const updated = optimizer.update(g, flat(parameter), flat(gradient), states.map(flat), scalars);
      const whole = (value: Value) => reshape(g, value, shape);
      return { parameter: whole(updated.parameter), states: updated.states.map(whole) };
    },
  };
}
