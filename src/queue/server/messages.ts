import { z } from 'zod';
import { recordedSettings, settingsSchema } from '../../settings/settings.js';
import { fail } from '../../util/error.js';
import { jsonIn } from '../../util/files/read-json.js';

/** The version of all messages. */
export const MESSAGES = 1;
const version = z.literal(MESSAGES);
const count = z.int().min(0);

/** Who wrote a message, or may work on it. */
const versions = { agon: z.string(), onnxruntime: z.string() };

/** What a machine must have to do a task, by content: where it is on the machine that asks for it is only its name. */
const needSchema = z.object({
  kind: z.enum(['data', 'unlabelled', 'model']),
  path: z.string(),
  digest: z.string(),
  /** Of data: what else their digest depends on. */
  reading: settingsSchema.pick({ task: true, channels: true }).optional(),
});

/** A comparison in the queue. A lane is a queue of BullMQ: the tasks that need the same. */
export const comparisonSchema = z.object({
  version,
  id: z.string(),
  name: z.string(),
  ...versions,
  /** Runs of the plan, also those that were finished before. */
  planned: count,
  /** Milliseconds since 1970. */
  created: count,
  lanes: z.array(z.object({ name: z.string(), needs: z.array(needSchema) })),
});

/** A run to be done: the data of a job. */
export const taskSchema = z.object({
  version,
  comparison: z.string(),
  ...versions,
  run: z.object({
    id: z.string(),
    group: z.string(),
    method: z.string(),
    seed: count,
    settings: recordedSettings,
  }),
  /** Where the run's folder will be on the machine that collects it. */
  folder: z.string(),
  needs: z.array(needSchema),
});

/** What a result consists of. */
export const manifestSchema = z.object({
  version,
  /** The worker that made it. */
  worker: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: count, chunks: count, sha256: z.string() })),
});

/** What a worker does at the moment. */
export const workerSchema = z.object({
  version,
  id: z.string(),
  host: z.string(),
  pid: count,
  ...versions,
  jobs: count,
  runs: z.array(z.object({ comparison: z.string(), run: z.string(), doing: z.string() })),
  /** Data that it lacks for comparisons in the queue: names. */
  lacks: z.array(z.string()),
});

export type Need = z.infer<typeof needSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Task = z.infer<typeof taskSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
export type WorkerState = z.infer<typeof workerSchema>;

/** Reads a message. One of another version, or damaged, is an error that names both versions, or the field. */
export function readMessage<Message>(schema: z.ZodType<Message>, content: unknown, what: string): Message {
  const value = typeof content === 'string' ? jsonIn(content) : content;
  const said = (value as { version?: unknown } | null | undefined)?.version;
  if (said !== MESSAGES) {
    fail('queue', `version of ${what}`, {
      expected: String(MESSAGES),
      got: JSON.stringify(said) ?? 'none',
      hint: 'Use the same version of Agon on all machines',
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return fail('queue', `${what} is damaged: ${issue?.path.join('.')}: ${issue?.message}`);
}
