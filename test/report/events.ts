import { readMetrics } from '../../src/distill/terms.js';
import type { GroupEvaluation } from '../../src/events/evaluation.js';
import type { EndEvent, EpochEvent, StartEvent, StepEvent, TrainEvent } from '../../src/events/events.js';
import { presetDifferences } from '../../src/settings/presets.js';
import { parseSettings, type SettingsInput } from '../../src/settings/settings.js';

/** A start of two like networks and one other, unless said otherwise. */
export function startEvent(settings: SettingsInput = {}, more: Partial<StartEvent> = {}): StartEvent {
  const complete = parseSettings({ nets: ['resnet8', 'resnet8', 'wrn_16_2'], epochs: 2, batchSize: 100, ...settings });
  return {
    type: 'start',
    folder: 'runs/one',
    settings: complete,
    presetDifferences: presetDifferences(complete),
    networks: complete.nets.map((net, index) => ({ index, name: String(net), parameters: 78_042 * (index + 1) })),
    data: {
      name: 'builtin',
      kind: 'builtin',
      channels: 3,
      splits: [
        { name: 'train', images: 3600 },
        { name: 'validation', images: 400 },
        { name: 'test', images: 1000 },
      ],
      classes: [
        { name: 'disc', counts: [1800, 200, 500] },
        { name: 'ring', counts: [1800, 200, 500] },
      ],
      skipped: [],
    },
    input: [3, 32, 32],
    stepsPerEpoch: 4,
    agon: '0.1.0',
    onnxruntime: '1.30.0',
    ...more,
  };
}

/** A step in which the network with the lowest loss teaches the others, in half a second, a tenth of which it waited for its batch. */
export function stepEvent(epoch: number, step: number, ce: readonly number[]): StepEvent {
  const winner = ce.indexOf(Math.min(...ce));
  return {
    type: 'step',
    epoch,
    step,
    lr: 0.1,
    ...readMetrics(() => ce.map(() => 0)),
    ce,
    total: ce,
    accuracy: ce.map((_, i) => 0.5 + i / 10),
    teachers: ce.map((_, i) => ce.map((_, j) => (j === winner && i !== j ? 1 : 0))),
    seconds: 0.5,
    waited: 0.05,
  };
}

/** An epoch whose networks validated with these accuracies. */
export function epochEvent(epoch: number, accuracies: readonly number[], best = true): EpochEvent {
  return {
    type: 'epoch',
    epoch,
    lr: 0.1,
    networks: accuracies.map((accuracy) => {
      return {
        loss: 1.5,
        accuracy: 0.45,
        won: 0.25,
        klMass: 0,
        validation: { loss: 2 - accuracy, accuracy, top5: 1, ece: 0.1 },
      };
    }),
    best,
    roleChanges: 0,
    margin: 0.1,
    perturbations: { input: [], parameters: [] },
    seconds: 2,
    waited: 0.5,
    imagesPerSecond: 200,
  };
}

/** Every network a tenth worse than the one before, the ensemble better than all. */
function evaluationOf({ networks }: StartEvent, accuracy: number): GroupEvaluation {
  const one = (own: number) => ({ loss: 2 - own, accuracy: own, top5: own + 0.1, ece: 0.05 });
  return { networks: networks.map((_, i) => one(accuracy - i / 10)), ensemble: one(accuracy + 0.05) };
}

export function endEvent(start: StartEvent): EndEvent {
  const [, winner] = start.networks;
  if (!winner) throw new Error('an end needs two networks');
  return {
    type: 'end',
    winner,
    best: { epoch: 0, validation: evaluationOf(start, 0.71), test: evaluationOf(start, 0.7) },
    last: { epoch: 1, validation: evaluationOf(start, 0.61), test: evaluationOf(start, 0.6) },
    model: 'runs/one/winner.onnx',
    parity: 1.2e-7,
  };
}

/** A whole run of two epochs with four steps. */
export function wholeRun(start = startEvent()): TrainEvent[] {
  const epoch = (e: number): TrainEvent[] => [
    ...[0, 1, 2, 3].map((step) => stepEvent(e, step, [2.3, 2.2, 2.4])),
    { type: 'phase', phase: 'validation' },
    epochEvent(e, [0.4, 0.5 + e / 10, 0.3]),
  ];
  return [
    { type: 'phase', phase: 'data' },
    { type: 'phase', phase: 'graph' },
    start,
    ...epoch(0),
    ...epoch(1),
    { type: 'phase', phase: 'test' },
    { type: 'phase', phase: 'export' },
    endEvent(start),
  ];
}
