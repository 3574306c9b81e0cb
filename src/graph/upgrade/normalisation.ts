import { drop, revise, type Upgrade, type Upgrades } from './call.js';

const perChannelOnly: Upgrade = (call, graph) => {
  if (call.node.number('spatial', 1) !== 1)
    call.node.fail('statistics for each position (spatial=0)', 'statistics for each channel');
  return drop('spatial')(call, graph);
};

/** `is_test` is dropped: a file of a version before 14 is read in inference form, without the training outputs. */
export const BatchNormalization: Upgrades = {
  7: drop('is_test'),
  9: perChannelOnly,
  14: (call) => revise(call, { outputs: call.outputs.slice(0, 1) }),
};
