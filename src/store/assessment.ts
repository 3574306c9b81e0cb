import { z } from 'zod';
import { evaluationSchema } from '../events/evaluation.js';
import { writeFileWhole } from '../util/files/files.js';
import { parseObject, readTextIfThere } from '../util/files/read-json.js';
import { failDamaged } from '../util/formats/damage.js';
import { migrate } from '../util/formats/format-version.js';
import { FORMATS } from '../util/formats/formats.js';
import { TASKS } from '../util/task.js';

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const index = z.int().min(0);

/** Of one class: how many images have it, and how it was found. */
const classSchema = z.object({
  support: count,
  /** Null where nothing was said to be of this class. */
  precision: share.nullable(),
  /** Null where no image has this class. */
  recall: share.nullable(),
  f1: share.nullable(),
});

/** Images whose largest probability (of the multi-label task: any class's) lies in [lower, upper). */
const binSchema = z.object({
  lower: share,
  upper: share,
  count,
  /** Means over its images: of the stated probability, and of how often it was right. Null in an empty bin. */
  confidence: share.nullable(),
  accuracy: share.nullable(),
});

const calibrationSchema = z.object({
  /** 15 bins of equal width, from 0 to 1 (Guo et al. 2017). */
  bins: z.array(binSchema),
  ece: z.number().min(0),
  /** The number that logits are divided by for the lowest mean cross-entropy on these images, and the measures with it. */
  temperature: z.number().positive(),
  scaled: z.object({ loss: z.number(), ece: z.number().min(0), bins: z.array(binSchema).optional() }),
});

/** A network, or the ensemble. */
const subjectSchema = z.object({
  /** As tables name it: `resnet8 #0`, `ensemble`. */
  label: z.string(),
  /** Undefined of the ensemble. */
  network: index.optional(),
  evaluation: evaluationSchema,
  /** Images by their own class (first) and that said (second), with how many; pairs without images are left out. Single-label only. */
  confusion: z.array(z.tuple([index, index, count])),
  /** One for each class, in the classes' order. */
  perClass: z.array(classSchema),
  calibration: calibrationSchema,
});

/** What one subject says of a picture. */
const answerSchema = z.object({
  /** The most probable classes, the most probable first, five at most. */
  top: z.array(z.object({ class: index, probability: share })),
  /** The class activation map for the first of `top`, laid over the picture: a PNG as a data address. Absent where there is none. */
  map: z.string().optional(),
});

/** A picture that is shown. */
const pictureSchema = z.object({
  /** The image's name in its data set: a path beneath it, or the name that an archive or a table gives it. */
  name: z.string(),
  /** Its own classes. */
  labels: z.array(index),
  /** As the network saw it, scaled down: a JPEG as a data address. */
  thumbnail: z.string(),
  /** In the order of `subjects`. */
  answers: z.array(answerSchema),
});

/**
 * What a run came to on images that it was not trained on, in detail: what a report is made of. Pictures are told by their index in
 * `pictures`.
 */
export const assessmentSchema = z.object({
  split: z.enum(['train', 'validation', 'test', 'all']),
  /** The epoch of the checkpoint, from 0. */
  epoch: index,
  images: count,
  task: z.enum(TASKS),
  classes: z.array(z.string()),
  /** Index in `subjects` of the run's winner. */
  winner: index,
  /** All networks, then the ensemble, if there is more than one network. */
  subjects: z.array(subjectSchema),
  /** Bounded: a few dozen. */
  pictures: z.array(pictureSchema),
  /** Pictures that the winner got wrong, the surest first. */
  worst: z.array(index),
  /** Pictures with the least difference between the winner's two most probable classes, the least first. */
  uncertain: z.array(index),
  /** Pictures that are probably labelled wrongly, the likeliest first: all networks agree on another class, with confidence. */
  labelErrors: z.array(
    z.object({
      picture: index,
      suggested: index,
      /** The mean of the networks' probabilities of the suggested class, and of the given one. */
      probability: share,
      given: share,
      /** How many networks hold the suggested class for the most probable. */
      agreeing: count,
    }),
  ),
  /** How many images look wrongly labelled; `labelErrors` lists the first of them. */
  labelErrorCount: count,
  /** Some pictures of the cells of the winner's confusion matrix that are off its diagonal, the fullest cells first. */
  confused: z.array(z.object({ class: index, said: index, pictures: z.array(index) })),
});

/** What {@link assessmentSchema} describes. */
export type Assessment = z.infer<typeof assessmentSchema>;
/** One network's, or the ensemble's, part of an {@link Assessment}. */
export type AssessedSubject = z.infer<typeof subjectSchema>;
/** A picture that an {@link Assessment} shows. */
export type AssessedPicture = z.infer<typeof pictureSchema>;

/** Writes `assessment.json`. */
export async function writeAssessment(path: string, assessment: Assessment): Promise<void> {
  await writeFileWhole(path, `${JSON.stringify({ version: FORMATS.assessment.version, ...assessment })}\n`);
}

/** What a run came to in detail; undefined where no file says it. */
export async function readAssessment(path: string): Promise<Assessment | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const content = migrate(FORMATS.assessment, parseObject(text, path), path);
  const parsed = assessmentSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  return failDamaged(
    path,
    'this assessment of a run is damaged',
    parsed.error,
    content,
    'Make it anew: agon report RUN',
  );
}
