import { describe, expect, it } from 'vitest';
import { flattenState } from '../../../src/lower/flat/flatten.js';
import { gpu } from '../../../src/lower/gpu/gpu.js';
import { lower } from '../../../src/lower/lower.js';
import { portable } from '../../../src/lower/portable/portable.js';
import { type DeviceStep, FAMILIES, SETTINGS, stepOf } from '../../devices/support/steps.js';
import { countKernels, ON_CPU } from './kernels.js';

const lowered = ({ source }: DeviceStep) => lower(flattenState(source).carried.graph, gpu);

describe('a step for WebGPU has kernels there for all of it', () => {
  it.each(Object.keys(FAMILIES))('of %s', (name) => {
    expect(countKernels(lowered(stepOf(FAMILIES[name] ?? [])))).toBeGreaterThan(100);
  });

  it.each(Object.keys(SETTINGS))('with %s', (name) => {
    const { settings, options } = SETTINGS[name] ?? {};
    expect(countKernels(lowered(stepOf(FAMILIES['resnet-cifar'] ?? [], settings, options)))).toBeGreaterThan(100);
  });
});

describe('a step for WebGPU starts few kernels', () => {
  const CIFAR = { batch: 2, size: 32, classes: 10 };

  it('of resnet8 at most 450', () => {
    expect(countKernels(lowered(stepOf(['resnet8'], {}, {}, CIFAR)))).toBeLessThanOrEqual(450);
  });

  it.each(['resnet18_cifar', 'resnet18', 'mobilenet_v2_cifar', 'mobilenet_v3_small_cifar'])(
    'of %s at most half of those of the portable form',
    (net) => {
      const step = stepOf([net], {}, {}, CIFAR);
      const before = countKernels(lower(step.source.graph, portable), ON_CPU);
      expect(countKernels(lowered(step))).toBeLessThanOrEqual(before / 2);
    },
  );
});
