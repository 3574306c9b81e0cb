import { z } from 'zod';

/** A number of channels, blocks, classes: a whole number from 1. */
export const count = z.int().min(1);
/** The share of activations that dropout drops. */
export const ratio = z.number().min(0).lt(1);
/** `imagenet` shrinks the image early (by 4); `cifar` keeps 32x32 images at full size there. */
export const stem = z.enum(['imagenet', 'cifar']);
