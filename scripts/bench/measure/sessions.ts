import { performance } from 'node:perf_hooks';
import * as ort from '../../../src/runtime/onnxruntime.js';

/** A session that was opened while watching. */
export interface OpenedSession {
  readonly session: ort.InferenceSession;
  /** How long its creation took. */
  readonly ms: number;
  readonly modelBytes: number;
}

/**
 * Runs `work` and returns the sessions that it opened beside its result, with options added to theirs. Thereby a
 * benchmark sees the very sessions that training opens, without an opening of its own in the runtime.
 */
export async function watchSessions<T>(
  work: () => Promise<T>,
  extra: ort.InferenceSession.SessionOptions = {},
): Promise<{ result: T; sessions: OpenedSession[] }> {
  const sessions: OpenedSession[] = [];
  const factory = ort.InferenceSession;
  const { create } = factory;
  const watched = async (model: Uint8Array, options: ort.InferenceSession.SessionOptions = {}) => {
    const started = performance.now();
    const session = await create.call(factory, model, { ...options, ...extra });
    sessions.push({ session, ms: performance.now() - started, modelBytes: model.length });
    return session;
  };
  Object.assign(factory, { create: watched });
  try {
    return { result: await work(), sessions };
  } finally {
    Object.assign(factory, { create });
  }
}
