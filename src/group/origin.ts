import { join, resolve } from 'node:path';
import type { Weights } from '../artifacts/weights.js';
import type { Origin } from '../events/origin-schema.js';
import { isModelFile } from '../nets/model-file.js';
import { float32Data } from '../onnx/tensor.js';
import { withoutOptimizer } from '../pretrained/run-weights.js';
import type { Settings } from '../settings/settings.js';
import { type Checkpoint, readCheckpoint, tensorsWithoutTrial } from '../store/checkpoint.js';
import { readRunSettings, runPaths } from '../store/run-folder.js';
import { AgonError, fail } from '../util/error.js';

/** What a new run takes from another one's checkpoint. */
export interface OpenedOrigin extends Pick<Checkpoint, 'classes' | 'preprocessing'> {
  readonly origin: Origin;
  readonly settings: Settings;
  /** Parameters and running statistics, without optimizer state. */
  readonly weights: Weights;
  /** Why it isn't the last checkpoint, where it isn't. */
  readonly note?: string;
}

/**
 * The settings of a run that begins with another one's networks, before anything is changed: those of that run. Networks of an
 * artifact are those of the copy in its folder.
 */
export async function settingsFrom(run: string): Promise<Settings> {
  if (isModelFile(run)) {
    fail('--from', 'the folder of a run', { got: run, hint: `A model is trained further as a network: --nets ${run}` });
  }
  const settings = await readRunSettings(run);
  const artifacts = settings.artifacts === null ? null : runPaths(resolve(run)).artifacts;
  // Of the run's own data, which need not be those of the new one
  const normalisation = settings.normalisation === 'data' ? 'auto' : settings.normalisation;
  return { ...settings, artifacts, from: resolve(run), pretrained: null, normalisation };
}

/** Opens the last good checkpoint of a run: the last one, or the best where that is damaged or not finite. */
export async function openOrigin(run: string): Promise<OpenedOrigin> {
  const last = await readGood(run, 'last');
  if (!(last instanceof AgonError)) return take(run, 'last', last);
  const best = await readGood(run, 'best');
  if (best instanceof AgonError) throw last;
  return { ...take(run, 'best', best), note: `${last.message}; its best checkpoint is taken` };
}

async function readGood(run: string, which: Origin['checkpoint']): Promise<Checkpoint | AgonError> {
  const path = runPaths(run)[which];
  try {
    const checkpoint = await readCheckpoint(path);
    checkFinite(path, checkpoint.tensors);
    return checkpoint;
  } catch (error) {
    if (error instanceof AgonError) return error;
    throw error;
  }
}

function checkFinite(path: string, tensors: Checkpoint['tensors']): void {
  for (const [name, tensor] of tensors) {
    if (float32Data(tensor).every(Number.isFinite)) continue;
    fail(path, `tensor "${name}"`, { expected: 'finite numbers', got: 'others as well' });
  }
}

function take(run: string, which: Origin['checkpoint'], checkpoint: Checkpoint): OpenedOrigin {
  const { settings, classes, preprocessing, position } = checkpoint;
  const tensors = withoutOptimizer(tensorsWithoutTrial(checkpoint), settings.optimizer);
  return {
    origin: { run: resolve(run), checkpoint: which, ...position },
    settings,
    classes,
    preprocessing,
    weights: { tensors, updates: 0, where: join(run, `${which}.safetensors`) },
  };
}
