import { trainsOnFeatures } from './check-features.js';
import { parseSettings, type Settings } from './settings.js';

/** What of the settings about features has no effect, and why. */
export function idleFeatureSettings(settings: Settings): string[] {
  const { freeze, unfreezeAt, featureCache, views, augmentation, epochs, beta, rule, nets } = settings;
  const usual = parseSettings({});
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
