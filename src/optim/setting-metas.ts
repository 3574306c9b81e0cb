import type { SettingMeta } from '../util/setting-meta.js';

/** What every optimizer says of its learning rate. */
export const LEARNING_RATE = {
  flag: '--lr <rate>',
  group: 'Steps',
  description: 'learning rate; the schedule changes it from step to step',
  help: 'learning rate',
} as const satisfies SettingMeta;

/** What an optimizer says of its weight decay; what exactly it does, each says itself. */
export const WEIGHT_DECAY = {
  flag: '--weight-decay <w>',
  group: 'Steps',
  help: 'L2 penalty; with adamw decoupled',
} as const satisfies SettingMeta;
