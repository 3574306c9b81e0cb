import { z } from 'zod';

const share = z.number().min(0).max(1);

/** What one network, or the ensemble of a group, did on a split. */
export const evaluationSchema = z.object({
  /** Mean cross-entropy. */
  loss: z.number(),
  /** Shares of images whose label has the largest logit, and one of the five largest, in [0, 1]. */
  accuracy: share,
  top5: share,
  /** Expected calibration error, in [0, 1]: 15 bins of equal width (Guo et al. 2017). */
  ece: z
    .number()
    .min(0)
    .max(1 + 1e-9),
  /** True where it is of the moving average of the network's weights, which did better than these. */
  ema: z.literal(true).optional(),
});

/** All networks of a group on a split, and their ensemble: the mean of their probabilities. */
export const groupEvaluationSchema = z.object({ networks: z.array(evaluationSchema), ensemble: evaluationSchema });

/** What one network, or an ensemble, did on a split. */
export interface Evaluation extends z.infer<typeof evaluationSchema> {}
/** What all networks of a group did on a split, and their ensemble. */
export interface GroupEvaluation extends z.infer<typeof groupEvaluationSchema> {}
