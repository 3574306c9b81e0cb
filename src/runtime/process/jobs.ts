import type { PlainGraph } from '../../graph/plain.js';
import type { Tensor } from '../../onnx/tensor.js';

/** What a process of its own is asked about a device. Plain data. */
export type Job =
  /** To run a few small steps and hold their numbers against the CPU's. */
  | { readonly kind: 'compute'; readonly device: string }
  /** To open a model, the CPU allowed, for what ONNX Runtime's log says of it. */
  | { readonly kind: 'place'; readonly device: string; readonly model: Uint8Array; readonly graphPasses: boolean }
  /** To time steps. */
  | {
      readonly kind: 'time';
      readonly device: string;
      readonly allowFallback: boolean;
      readonly graph: PlainGraph;
      /** Each tensor of the state, with the name of the output that replaces it, and what it begins as. */
      readonly state: readonly { readonly name: string; readonly next: string; readonly begin: Tensor }[];
      readonly threads: number | undefined;
      /** In what numbers they compute. */
      readonly precision: 'float32' | 'float16';
      readonly forms: Readonly<Record<string, string>>;
      /** Steps in one run of the session. */
      readonly perRun: number;
      /** Steps to time after the first, and the time from which on there are no more of them. */
      readonly steps: number;
      readonly seconds: number;
    };

/** Milliseconds that steps took. */
export interface StepTimes {
  /** Until the first step had run. */
  readonly start: number;
  /** Of the steps after it. */
  readonly steps: readonly number[];
}

/** What such a process answers. */
export interface Answers {
  readonly compute: undefined;
  readonly place: undefined;
  readonly time: StepTimes;
}

/** An answer on its way, or what kept the process from one. */
export type Answer = { readonly value: Answers[keyof Answers] } | { readonly error: string };
