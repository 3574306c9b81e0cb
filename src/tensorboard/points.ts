import type { Evaluation } from '../events/evaluation.js';
import type { EndEvent, EpochEvent, StepEvent } from '../events/events.js';

/** Whose value it is: a network's, by index; the ensemble's; or the whole group's. */
export type Owner = number | 'ensemble' | 'group';

/** A value of a curve. */
export interface Point {
  readonly owner: Owner;
  readonly tag: Tag;
  readonly value: number;
}

/** All curves by their tags, with what they show. TensorBoard groups tags by what is before the slash. */
export const TAGS = {
  'loss/train': 'mean cross-entropy over the steps of the epoch',
  'loss/validation': 'cross-entropy on the validation split',
  'loss/test': 'cross-entropy on the test split, at the best epoch',
  'accuracy/train': 'mean accuracy over the steps of the epoch',
  'accuracy/validation': 'top-1 on the validation split (multi-label: share of images with all classes right)',
  'accuracy/validation_top5': 'top-5 on the validation split',
  'accuracy/validation_map': 'mean average precision on the validation split',
  'accuracy/validation_micro_f1': 'micro-F1 on the validation split',
  'accuracy/validation_macro_f1': 'macro-F1 on the validation split',
  'accuracy/test': 'top-1 on the test split, at the best epoch (multi-label: share of images with all classes right)',
  'accuracy/test_map': 'mean average precision on the test split, at the best epoch',
  'calibration/validation_ece': 'expected calibration error on the validation split',
  'calibration/test_ece': 'expected calibration error on the test split, at the best epoch',
  'competition/win_share': "share of the epoch's steps in which the network had the lowest cross-entropy",
  'competition/kl_sum': "KL divergence from the network's teachers, added up over the epoch's steps",
  'competition/margin': 'second lowest cross-entropy less the lowest, mean over the steps of the epoch',
  'competition/role_changes': 'steps of the epoch whose teachers were others than before',
  'step/cross_entropy': "cross-entropy on the step's batch",
  'step/total_loss': 'what the step made smaller: cross-entropy and what is learned from teachers',
  'step/accuracy': "accuracy on the step's batch",
  'step/kl': 'KL divergence from the teachers, in steps in which the network had some',
  'step/feature': "error to the teachers' features, in steps in which the network had some",
  'step/kd': 'KL divergence from the frozen teacher',
  'training/learning_rate': 'learning rate',
  'training/images_per_second': 'images of one network a second, through the training steps of the epoch',
  'training/wait_share': "share of the training steps' time that they waited for images",
} as const;
export type Tag = keyof typeof TAGS;

/** A point where there is a value. */
function point(owner: Owner, tag: Tag, value: number | undefined): Point[] {
  return value === undefined ? [] : [{ owner, tag, value }];
}

/** What a step adds to the curves. */
export function stepPoints({ lr, ce, total, accuracy, kl, feature, kd }: StepEvent): Point[] {
  // A loss of 0 is one that wasn't computed, or of a network without a teacher
  const taught = (losses: readonly number[], i: number) => losses[i] || undefined;
  const networks = ce.flatMap((loss, i) => [
    ...point(i, 'step/cross_entropy', loss),
    ...point(i, 'step/total_loss', total[i]),
    ...point(i, 'step/accuracy', accuracy[i]),
    ...point(i, 'step/kl', taught(kl, i)),
    ...point(i, 'step/feature', taught(feature, i)),
    ...point(i, 'step/kd', taught(kd, i)),
  ]);
  return [...networks, ...point('group', 'training/learning_rate', lr)];
}

/** What an epoch adds. */
export function epochPoints(event: EpochEvent): Point[] {
  const networks = event.networks.flatMap(({ loss, accuracy, won, klMass, validation }, i) => [
    ...point(i, 'loss/train', loss),
    ...point(i, 'accuracy/train', accuracy),
    ...point(i, 'competition/win_share', won),
    ...point(i, 'competition/kl_sum', klMass),
    ...validationPoints(i, validation),
  ]);
  return [
    ...networks,
    ...point('group', 'competition/margin', event.margin),
    ...point('group', 'competition/role_changes', event.roleChanges),
    ...point('group', 'training/images_per_second', event.imagesPerSecond),
    ...point('group', 'training/wait_share', event.seconds > 0 ? event.waited / event.seconds : undefined),
  ];
}

function validationPoints(owner: Owner, held: Evaluation | undefined): Point[] {
  return [
    ...point(owner, 'loss/validation', held?.loss),
    ...point(owner, 'accuracy/validation', held?.accuracy),
    ...point(owner, 'accuracy/validation_top5', held?.top5),
    ...point(owner, 'accuracy/validation_map', held?.map),
    ...point(owner, 'accuracy/validation_micro_f1', held?.microF1),
    ...point(owner, 'accuracy/validation_macro_f1', held?.macroF1),
    ...point(owner, 'calibration/validation_ece', held?.ece),
  ];
}

/** What the end adds, at the best epoch: the test split, and of the ensemble the validation split too. */
export function endPoints({ best: { validation, test } }: EndEvent): Point[] {
  const networks = (test?.networks ?? []).flatMap((evaluation, i) => testPoints(i, evaluation));
  // Of one network, the ensemble is that
  if ((validation ?? test)?.networks.length === 1) return networks;
  return [
    ...networks,
    ...validationPoints('ensemble', validation?.ensemble),
    ...testPoints('ensemble', test?.ensemble),
  ];
}

function testPoints(owner: Owner, tested: Evaluation | undefined): Point[] {
  return [
    ...point(owner, 'loss/test', tested?.loss),
    ...point(owner, 'accuracy/test', tested?.accuracy),
    ...point(owner, 'accuracy/test_map', tested?.map),
    ...point(owner, 'calibration/test_ece', tested?.ece),
  ];
}
