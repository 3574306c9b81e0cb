import { z } from 'zod';

/** Where the features of a frozen backbone are kept. */
const FEATURE_CACHES = ['disk', 'memory', 'none'] as const;

/** More views than that are as many passes over the images. */
const MOST_VIEWS = 100;

/** How heads are trained on features that a frozen backbone has computed once. */
export const HEAD_FIRST = {
  unfreezeAt: z.int().min(1).nullable().default(null).meta({
    flag: '--unfreeze-at <epochs>',
    group: 'Tuning',
    description:
      'epochs in which the heads alone are trained, before the other layers join in: all, or those that `freeze` leaves where it names a stage',
    help: 'train the heads alone for so many epochs first',
    otherwise: 'never',
  }),
  views: z.int().min(1).max(MOST_VIEWS).default(1).meta({
    flag: '--views <k>',
    rare: true,
    group: 'Tuning',
    description:
      'with a frozen backbone, features of each training image: 1 as at evaluation, the others augmented; a step takes one of them at random',
    help: 'with a frozen backbone: features of each image, augmented',
  }),
  featureCache: z.enum(FEATURE_CACHES).default('disk').meta({
    flag: '--feature-cache <where>',
    group: 'Tuning',
    rare: true,
    description:
      'where features of a frozen backbone are kept: on `disk` for later runs as well, in `memory`, or `none`: computed anew in each step, from images that are augmented anew',
    help: 'where these features are kept',
  }),
};
