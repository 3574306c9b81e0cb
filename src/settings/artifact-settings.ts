import { join } from 'node:path';
import { MANIFEST_FILE, type StepEntry } from '../artifacts/manifest.js';
import type { Artifact } from '../artifacts/read.js';
import { STEP_KEYS } from '../distill/step-schema.js';
import { migrateSettings } from './setting-changes.js';
import { parseSettings, type SettingsInput } from './settings.js';

/** What a manifest records of a step; of a frozen teacher it has no model, without which there is none. */
const RECORDED = STEP_KEYS.filter((key) => key !== 'teacher');

/**
 * The settings that an artifact's step was written for, with its batch and its size of images: what a training from the artifact
 * has where nothing else is said. None without a step.
 */
export function artifactSettings({ folder, manifest: { step } }: Artifact): SettingsInput {
  if (!step) return {};
  const input = settingsOf(step);
  parseSettings(input, join(folder, MANIFEST_FILE));
  return input;
}

function settingsOf({ settings, sizes }: StepEntry): SettingsInput {
  const known = migrateSettings(settings) as Readonly<Record<string, unknown>>;
  const given = RECORDED.flatMap((key) => (known[key] === undefined ? [] : [[key, known[key]]]));
  const square = sizes.height === sizes.width ? { size: sizes.height } : {};
  // A step may take a single image, a run's batch has two or more
  const batch = sizes.batch < 2 ? {} : { batchSize: sizes.batch };
  return { ...Object.fromEntries(given), ...batch, ...square };
}
