import { z } from 'zod';
import { keysOf } from '../util/checked.js';

const share = z.number().min(0).max(1);

const single = {
  /** Share of images whose label has one of the five largest logits, in [0, 1]. */
  top5: share,
  /** Expected calibration error, in [0, 1]: 15 bins of equal width (Guo et al. 2017). */
  ece: z
    .number()
    .min(0)
    .max(1 + 1e-9),
};

const multi = {
  /** Mean average precision: the mean of the average precision of all classes that some image has. */
  map: share,
  /** The probability from which on a class counts as there. */
  threshold: share,
  /** F1 at the threshold: over all images and classes together; and the mean of that of each class that some image has. */
  microF1: share,
  macroF1: share,
};

const optional = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).partial().shape;

/** What one network, or the ensemble of a group, did on a split. */
export const evaluationSchema = z
  .object({
    /** Mean cross-entropy; of images with any number of classes binary cross-entropy, the mean over classes too. */
    loss: z.number(),
    /** Share of images whose label has the largest logit, in [0, 1]; or of which all classes are right, at the threshold. */
    accuracy: share,
    ...optional(single),
    ...optional(multi),
    /** True where it is of the moving average of the network's weights, which did better than these. */
    ema: z.literal(true).optional(),
  })
  .superRefine((evaluation, context) => {
    const wanted: readonly (keyof typeof evaluation)[] = keysOf(evaluation.map === undefined ? single : multi);
    for (const key of wanted) {
      if (evaluation[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: 'expected number' });
    }
  });

/** All networks of a group on a split, and their ensemble: the mean of their probabilities. */
export const groupEvaluationSchema = z.object({ networks: z.array(evaluationSchema), ensemble: evaluationSchema });

/** What one network, or an ensemble, did on a split. */
export interface Evaluation extends z.infer<typeof evaluationSchema> {}
/** What all networks of a group did on a split, and their ensemble. */
export interface GroupEvaluation extends z.infer<typeof groupEvaluationSchema> {}

/** The number that networks are ranked by on a split: the mean average precision of images with any number of classes, else the accuracy. */
export function scoreOf({ map, accuracy }: Pick<Evaluation, 'map' | 'accuracy'>): number {
  return map ?? accuracy;
}
