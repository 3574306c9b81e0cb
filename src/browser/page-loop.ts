import { CheckpointSaver } from '../train/checkpoint-saver.js';
import type { FeedSource } from '../train/feeds.js';
import { LearningRates } from '../train/learning-rates.js';
import type { LoopContext } from '../train/loop.js';
import { ParameterPerturbation } from '../train/parameter-perturbation.js';
import { stoppable } from '../train/stop.js';
import type { PageEngine, PageRun, PageSubject } from './page-run.js';

/** What the loop of every training works with, for the epochs after a page's last checkpoint. */
export function loopContext(run: PageRun): LoopContext {
  const { settings, group, data, record, engine, emit, stopRequested } = run;
  const { span, inputs, stepper, updatesBefore } = engine;
  const { step, training, fixed, predictors } = inputs;
  const { last } = record;
  const { settings: _, classes, stepsPerEpoch, dataFingerprint, preprocessing, forms } = last;
  const evaluation: LoopContext['evaluation'] = (name) => stoppable(inputs.evaluation(name), stopRequested);
  const source = { graphs: inputs.trained, state: step.state, stepper, updatesBefore };
  const { parameterPerturbation, seed, optimizer } = settings;
  const now = () => performance.now() / 1000;
  return {
    ...feedSource(run, engine),
    networks: group.networks,
    input: preprocessing,
    stepper,
    burst: settings.logEvery ?? (engine.runtime.provider === 'webgpu' ? TOLD_TOGETHER : 1),
    perturbation: parameterPerturbation
      ? new ParameterPerturbation(
          { ...parameterPerturbation, ...source, seed, optimizer, totalSteps: span.end * training.steps },
          last,
        )
      : undefined,
    fixed,
    predictors,
    training,
    memory: undefined,
    rates: new LearningRates(settings, training.steps, last.plateau),
    validation: data.dataset.validation && evaluation('validation'),
    evaluation,
    span,
    lineage: record,
    constants: { settings, classes, stepsPerEpoch, dataFingerprint, preprocessing, forms },
    resumed: last,
    emit,
    now,
    stopRequested,
    saver: new CheckpointSaver({
      saveLast: async (checkpoint) => record.saveLast(checkpoint),
      saveBest: async (checkpoint) => record.saveBest(checkpoint),
      seconds: 0,
      now,
    }),
  };
}

/** Steps whose numbers come from the graphics card together: a copy waits for all steps before it. */
const TOLD_TOGETHER = 10;

/** What the feeds of a step depend on, besides its batch. */
export function feedSource({ settings, data }: PageSubject, { inputs, updatesBefore }: PageEngine): FeedSource {
  const uniforms = inputs.step.uniforms.map(({ name, shape }) => ({ name, shape: shape.map(Number) }));
  return { settings, input: data.preprocessing, uniforms, teacher: undefined, updatesBefore };
}
