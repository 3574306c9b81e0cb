import { z } from 'zod';
import { fail } from '../util/error.js';
import { HEAD_FIRST } from './schema/feature-schema.js';
import type { RequestedSettings, Settings } from './settings.js';
import { spansOf } from './spans.js';

/** Whether heads are trained, for some epochs or all, on features that frozen backbones have computed once. */
function trainsOnFeatures(settings: Parameters<typeof spansOf>[0]): boolean {
  return spansOf(settings).some(({ onFeatures }) => onFeatures);
}

const EVERY_STEP = 'Compute them anew in every step (--feature-cache none)';

/** Fails for settings that need images where there are features. */
export function checkFeatureSettings(settings: RequestedSettings): void {
  if (!trainsOnFeatures(settings)) return;
  const { inputPerturbation, teacher, mixup, cutmix, unlabelled } = settings;
  const refuse = (setting: string, got: string, why: string) => {
    fail('settings', `${setting} with features of a frozen backbone that are computed once`, {
      expected: `none, as ${why}`,
      got,
      hint: EVERY_STEP,
    });
  };
  if (inputPerturbation) refuse('inputPerturbation', inputPerturbation.pool, 'steps have no images to perturb');
  if (mixup > 0) refuse('mixup', String(mixup), 'steps have no images to mix');
  if (cutmix > 0) refuse('cutmix', String(cutmix), 'steps have no images to mix');
  if (teacher) refuse('teacher', teacher.model, 'steps have no images that a teacher could see');
  if (unlabelled !== null) refuse('unlabelled', unlabelled, 'only the images with labels have features');
}

/** What of the settings about features has no effect, and why. */
export function idleFeatureSettings(settings: Settings): string[] {
  const { freeze, unfreezeAt, featureCache, views, augmentation, epochs, beta, rule, nets } = settings;
  const usual = z.object(HEAD_FIRST).parse({});
  const frozen = freeze === 'backbone' || unfreezeAt !== null;
  const onFeatures = trainsOnFeatures(settings);
  const without = frozen
    ? 'featureCache is none, and images are augmented anew'
    : 'no backbone is frozen (--freeze backbone)';
  const idle = (holds: boolean, message: string) => (holds ? [message] : []);
  return [
    ...idle(!onFeatures && views !== usual.views, `views ${views} has no effect: ${without}`),
    ...idle(!frozen && featureCache !== usual.featureCache, `featureCache ${featureCache} has no effect: ${without}`),
    ...idle(
      onFeatures && unfreezeAt === null && views === 1 && !['auto', 'none'].includes(String(augmentation)),
      'augmentation has no effect: features are of images as at evaluation (--views 4 adds augmented ones)',
    ),
    ...idle(
      onFeatures && views > 1 && augmentation === 'none',
      `views ${views}: all are alike, as augmentation is none`,
    ),
    ...idle(
      unfreezeAt !== null && unfreezeAt >= epochs,
      `unfreezeAt ${unfreezeAt}: no other layers join in, as the run has ${epochs} epoch${epochs === 1 ? '' : 's'}`,
    ),
    ...idle(
      freeze === 'backbone' && unfreezeAt === null && beta !== 0 && rule !== 'none' && nets.length > 1,
      `beta ${beta} has no effect: the features of a frozen backbone don't change`,
    ),
  ];
}
