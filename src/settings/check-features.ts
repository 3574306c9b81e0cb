import { fail } from '../util/error.js';
import type { RequestedSettings, Settings } from './settings.js';

type Frozen = Pick<Settings, 'freeze' | 'unfreezeAt' | 'featureCache'>;

/** Whether heads are trained, for some epochs or all, on features that frozen backbones have computed once. */
export function trainsOnFeatures({ freeze, unfreezeAt, featureCache }: Frozen): boolean {
  return featureCache !== 'none' && (freeze === 'backbone' || unfreezeAt !== null);
}

const EVERY_STEP = 'Compute them anew in every step (--feature-cache none)';

/** Fails for settings that need images where there are features. */
export function checkFeatureSettings(settings: RequestedSettings): void {
  if (!trainsOnFeatures(settings)) return;
  const { inputPerturbation, teacher, mixup, cutmix } = settings;
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
}
