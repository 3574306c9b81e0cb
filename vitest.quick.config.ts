import { configDefaults, mergeConfig } from 'vitest/config';
import { SLOW } from './test/tiers.js';
import whole from './vitest.config.js';

/** The quick tier: all but the slow files, in processes that load the sources once. */
export default mergeConfig(whole, { test: { exclude: [...configDefaults.exclude, ...SLOW], isolate: false } });
