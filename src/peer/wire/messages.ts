import { z } from 'zod';
import type { PlainGraph } from '../../graph/plain.js';
import type { Tensors } from '../../runtime/places/place.js';
import { ONNXRUNTIME_VERSION } from '../../runtime/version.js';
import { fail } from '../../util/error.js';
import { AGON_VERSION } from '../../util/version.js';

/** Both ends must agree on these: the messages, the graph that is sent, and what computes it. */
export const VERSIONS = { messages: 1, agon: AGON_VERSION, onnxruntime: ONNXRUNTIME_VERSION } as const;

export type Versions = Readonly<Record<keyof typeof VERSIONS, string | number>>;

/** What a peer needs to know of a network before its first step. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly versions: Versions;
  /** Names the run: a process that goes on with it has its peers at once. */
  readonly run: string;
  /** Names the run's process. */
  readonly process: string;
  /** So long the run has its peer where it can't be reached itself, in seconds. */
  readonly waitSeconds: number;
  /** The network, as the peer's user is told of it. */
  readonly network: string;
  /** The network's part of a step, not lowered. */
  readonly graph: PlainGraph;
  readonly state: readonly string[];
  readonly shown: readonly string[];
  readonly options: {
    readonly precision: 'float32' | 'float16';
    readonly tune: boolean;
    readonly keep?: boolean | undefined;
    readonly forms?: Readonly<Record<string, string>> | undefined;
  };
}

/** What a run asks a peer for, after `open` what a place is asked for. */
export type Request =
  | OpenRequest
  | { readonly kind: 'forward'; readonly tensors: Tensors }
  | { readonly kind: 'step'; readonly tensors: Tensors }
  | { readonly kind: 'load'; readonly tensors: Tensors }
  | { readonly kind: 'update'; readonly tensors: Tensors }
  | { readonly kind: 'state'; readonly names: readonly string[] }
  | { readonly kind: 'close' };

/** What a peer says of itself when it has opened a network's place. */
export interface Opened {
  readonly host: string;
  readonly device: string;
  readonly forms: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** An error of the other end. */
export interface Failed {
  readonly message: string;
  /** Whether it is one that the user can act on. */
  readonly ours: boolean;
}

/**
 * A peer's answer. `busy`: it has this network, of another run; `unknown`: it has none of this run, as it was started anew; `failed`: the
 * request ended with an error; else what was asked for.
 */
export type Answer =
  | { readonly busy: string }
  | { readonly unknown: true }
  | { readonly failed: Failed }
  | { readonly opened: Opened }
  | { readonly tensors: Tensors };

/** Requests of a run are numbered from 1 on; one that is sent again keeps its number. */
export type NumberedRequest = Request & { readonly number: number };

/** An answer has its request's number. `leaving`: the peer asks the run to end. */
export type NumberedAnswer = Answer & { readonly number: number; readonly leaving?: boolean };

const tensor = z.object({ dtype: z.string(), dims: z.array(z.number()), data: z.custom(ArrayBuffer.isView) });
const tensors = z.record(z.string(), tensor);
const names = z.array(z.string());
const forms = z.record(z.string(), z.string());
const number = z.int().min(0);

/** What is read of a request before it is known whether the versions are the same. */
const firstSchema = z.object({ number, kind: z.string(), versions: z.record(z.string(), z.unknown()).optional() });

const requestSchema = z.discriminatedUnion('kind', [
  z.object({
    number,
    kind: z.literal('open'),
    versions: z.object({ messages: z.number(), agon: z.string(), onnxruntime: z.string() }),
    run: z.string(),
    process: z.string(),
    waitSeconds: z.number(),
    network: z.string(),
    // Of the same version of Agon: what is wrong in it, its graph says
    graph: z.object({ name: z.string(), inputs: z.array(z.unknown()), nodes: z.array(z.unknown()) }).loose(),
    state: names,
    shown: names,
    options: z.object({
      precision: z.enum(['float32', 'float16']),
      tune: z.boolean(),
      keep: z.boolean().optional(),
      forms: forms.optional(),
    }),
  }),
  ...(['forward', 'step', 'load', 'update'] as const).map((kind) =>
    z.object({ number, kind: z.literal(kind), tensors }),
  ),
  z.object({ number, kind: z.literal('state'), names }),
  z.object({ number, kind: z.literal('close') }),
]);

const answerSchema = z
  .object({ number: z.int(), leaving: z.boolean().optional() })
  .and(
    z.union([
      z.object({ busy: z.string() }),
      z.object({ unknown: z.literal(true) }),
      z.object({ failed: z.object({ message: z.string(), ours: z.boolean() }) }),
      z.object({ opened: z.object({ host: z.string(), device: z.string(), forms, notes: names }) }),
      z.object({ tensors }),
    ]),
  );

/** Checks a request. One to open a place for another version is an error that names both. */
export function readRequest(message: unknown, own: Versions, where: string): NumberedRequest {
  const first = firstSchema.safeParse(message);
  if (first.success && first.data.kind === 'open') checkVersions(first.data.versions ?? {}, own);
  const { data } = requestSchema.safeParse(message);
  return (data as NumberedRequest | undefined) ?? fail(where, 'a message that this version of Agon does not know');
}

/** The number of a request of whatever version; undefined for what is none. */
export function numberOf(message: unknown): number | undefined {
  return firstSchema.safeParse(message).data?.number;
}

/** Checks an answer. */
export function readAnswer(message: unknown, where: string): NumberedAnswer {
  const { data } = answerSchema.safeParse(message);
  return (data as NumberedAnswer | undefined) ?? fail(where, 'a message that this version of Agon does not know');
}

const SHOWN = { agon: 'Agon', onnxruntime: 'ONNX Runtime', messages: 'messages of version' } as const;

function checkVersions(given: Readonly<Record<string, unknown>>, own: Versions): void {
  const text = (of: Readonly<Record<string, unknown>>) => {
    return (['agon', 'onnxruntime', 'messages'] as const).map((key) => `${SHOWN[key]} ${of[key]}`).join(', ');
  };
  if (Object.entries(own).every(([key, version]) => given[key] === version)) return;
  fail('versions', 'the run has others than the peer', {
    expected: text(own),
    got: text(given),
    hint: 'Install the same version of Agon on both machines',
  });
}
