import { z } from 'zod';
import { groupEvaluationSchema } from '../events/evaluation.js';
import { recordedSettings } from '../settings/settings.js';
import { fail } from '../util/error.js';
import { writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { failDamaged } from '../util/formats/damage.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';

const index = z.int().min(0);

const atCheckpoint = z.object({
  /** From 0. */
  epoch: index,
  /** Absent where nothing is held out. */
  validation: groupEvaluationSchema.optional(),
  test: groupEvaluationSchema.optional(),
});

/** What a finished run leaves in its folder as `result.json`. */
export const runResultSchema = z.object({
  settings: recordedSettings,
  networks: z.array(z.object({ index, name: z.string(), parameters: index })),
  /** Index of the network that validated best; where nothing is held out, of the lowest training loss in the last epoch. */
  winner: index,
  /** The epoch in which the winner validated best, with all networks; where nothing is held out, the last. */
  best: atCheckpoint,
  last: atCheckpoint,
  /** Wall time of all training steps, without validation; and images of one network a second through them. */
  seconds: z.number().min(0),
  imagesPerSecond: z.number().min(0),
  agon: z.string(),
  onnxruntime: z.string(),
  /** Where it was finished; older results don't say. */
  machine: z.object({ cpu: z.string(), cores: z.int(), node: z.string() }).optional(),
});

export type RunResult = z.infer<typeof runResultSchema>;

export async function writeResult(path: string, result: RunResult): Promise<void> {
  const content = { version: FORMATS.result.version, ...result };
  await writeFileWhole(path, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** The result of a run; undefined while it isn't finished. */
export async function readResult(path: string): Promise<RunResult | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const content = migrate(FORMATS.result, parseObject(text, path), path);
  const parsed = runResultSchema.safeParse(content);
  if (!parsed.success) return failDamaged(path, DAMAGED, parsed.error, content, RESTORE);
  checkResult(path, parsed.data);
  return parsed.data;
}

const DAMAGED = 'this result of a run is damaged';
const RESTORE = 'Remove the file and go on with the run (agon train --resume): its last checkpoint makes it again';

/** Fails unless what a result says goes together. */
function checkResult(path: string, { settings, networks, winner, best, last }: RunResult): void {
  const expect = (holds: boolean, field: string, expected: string, got: unknown) => {
    if (!holds) fail(path, `${DAMAGED}: ${field}`, { expected, got: JSON.stringify(got) ?? 'nothing', hint: RESTORE });
  };
  const { length } = settings.nets;
  expect(networks.length === length, 'networks', `${length}, as in its settings`, networks.length);
  const indices = networks.map(({ index: own }) => own);
  expect(
    indices.every((own, i) => own === i),
    'networks',
    'indices 0, 1, ...',
    indices,
  );
  expect(winner < length, 'winner', `less than ${length}, the number of networks`, winner);
  const { epochs, patience } = settings;
  const isEarly = patience > 0 && last.epoch < epochs && last.epoch - best.epoch >= patience;
  expect(isEarly || last.epoch === epochs - 1, 'last.epoch', `${epochs - 1}, the last of its settings`, last.epoch);
  expect(best.epoch <= last.epoch, 'best.epoch', `at most ${last.epoch}`, best.epoch);
  for (const [when, at] of Object.entries({ best, last })) {
    for (const split of ['validation', 'test'] as const) {
      const measured = at[split]?.networks.length ?? length;
      expect(measured === length, `${when}.${split}`, `${length} networks`, measured);
    }
  }
}
