import { TEMPERATURES } from '../metrics/temperature.js';
import { type AssessedSubject, type Assessment, readAssessment } from '../store/assessment.js';
import type { Checkpoint } from '../store/checkpoint.js';
import { runPaths } from '../store/run-folder.js';
import { fail } from '../util/error.js';
import type { SubjectOptions } from './subject.js';

/**
 * The temperature by which the logits of a network, or the ensemble, are divided so that its probabilities are as high as they are often
 * right: as the run's assessment measured it on images that were held out. Where there is none of this checkpoint, an error says how to get it.
 *
 * @param network - Index of the network; undefined of the ensemble.
 */
export async function measuredTemperature(
  folder: string,
  checkpoint: Checkpoint,
  { checkpoint: which }: Pick<SubjectOptions, 'checkpoint'>,
  network: number | undefined,
): Promise<number> {
  const path = runPaths(folder).assessment;
  const remake = `Make it: agon report ${folder}`;
  const assessment =
    (await readAssessment(path)) ?? fail(path, 'nothing says how the run is calibrated', { hint: remake });
  const epoch = epochOf(checkpoint, which);
  if (assessment.epoch !== epoch) {
    fail(path, 'the run was assessed at another epoch than that of the checkpoint', {
      expected: `epoch ${epoch + 1}`,
      got: String(assessment.epoch + 1),
      hint: which === 'best' ? remake : 'Export the checkpoint that was assessed: --checkpoint best',
    });
  }
  if (assessment.split === 'train') {
    fail(path, 'the run was assessed on the images that it learned from', {
      hint: 'What is right there says nothing of other images: hold some out (--validation), or leave out --calibrated',
    });
  }
  const { temperature } = subjectOf(assessment, network, path, remake).calibration;
  if (!TEMPERATURES.some((bound) => Math.abs(temperature / bound - 1) < 1e-3)) return temperature;
  return fail(path, `its temperature, ${temperature}, is none: as far as the search went, the loss fell`, {
    got: `${assessment.images} ${assessment.split} images`,
    hint: 'Hold out more images (--validation), or leave out --calibrated',
  });
}

/** The epoch of a checkpoint, from 0. */
function epochOf({ best, position }: Checkpoint, which: SubjectOptions['checkpoint']): number {
  return which === 'best' && best !== null ? best.epoch : position.epoch - 1;
}

function subjectOf({ subjects }: Assessment, network: number | undefined, path: string, hint: string): AssessedSubject {
  // A network alone is its own ensemble
  const alone = network === undefined && subjects.length === 1 ? subjects[0] : undefined;
  const subject = alone ?? subjects.find((each) => each.network === network);
  return (
    subject ?? fail(path, network === undefined ? 'it lacks the ensemble' : `it lacks network ${network}`, { hint })
  );
}
