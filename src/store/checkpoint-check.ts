import { fail } from '../util/error.js';
import { bestOf } from './best-network.js';
import type { CheckpointHeader } from './checkpoint-format.js';

/** What can be done about a damaged checkpoint. */
export const RESTORE = 'Take a copy of the file, or train again';

/** Fails for something in a checkpoint's header that is not as it was written. */
function failHeader(where: string, field: string, expected: string, got: unknown): never {
  return fail(where, `its header is damaged: ${field}`, { expected, got: shown(got), hint: RESTORE });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

/** Fails unless what a header says goes together. */
export function checkHeader(where: string, header: CheckpointHeader): void {
  const { settings, classes, preprocessing } = header;
  const twice = classes.find((name, i) => classes.indexOf(name) !== i);
  if (twice !== undefined) failHeader(where, 'classes', 'each name once', twice);
  const { height, width } = preprocessing;
  if (settings.size !== undefined && (height !== settings.size || width !== settings.size)) {
    failHeader(where, 'preprocessing', `height and width ${settings.size}, as settings.size says`, preprocessing);
  }
  checkPosition(where, header);
  checkPartial(where, header);
  checkBest(where, header);
  checkTrial(where, header);
  checkPlateau(where, header);
}

function checkPosition(where: string, { settings, position, stepsPerEpoch }: CheckpointHeader): void {
  const { epoch, step } = position;
  const { epochs } = settings;
  if (epoch > epochs) failHeader(where, 'position.epoch', `at most ${epochs}, the run's epochs`, epoch);
  if (epoch === epochs && step > 0) failHeader(where, 'position.step', '0 after the last epoch', step);
  if (stepsPerEpoch !== null && step > stepsPerEpoch) {
    failHeader(where, 'position.step', `at most ${stepsPerEpoch}, the steps of an epoch`, step);
  }
}

function checkPartial(where: string, { settings, position, partial, seconds }: CheckpointHeader): void {
  const networks = settings.nets.length;
  const { loss, accuracy, lineage, teachers } = partial;
  const lists = { loss, accuracy, 'lineage.won': lineage.won, 'lineage.kl': lineage.kl, teachers: teachers ?? loss };
  for (const [name, { length }] of Object.entries(lists)) {
    if (length !== networks) failHeader(where, `partial.${name}`, `${networks} entries, one a network`, length);
  }
  const row = teachers?.find(({ length }) => length !== networks);
  if (row) failHeader(where, 'partial.teachers', `rows of ${networks}`, row.length);
  if (lineage.steps !== position.step) {
    failHeader(where, 'partial.lineage.steps', `${position.step}, the steps of the epoch so far`, lineage.steps);
  }
  const won = lineage.won.reduce((sum, count) => sum + count, 0);
  if (won !== lineage.steps) failHeader(where, 'partial.lineage.won', `${lineage.steps} in all`, won);
  const most = accuracy.find((sum) => sum > position.step);
  if (most !== undefined) failHeader(where, 'partial.accuracy', `at most ${position.step}, 1 a step`, most);
  // The sums are added up in another order
  if (partial.seconds > seconds * (1 + 1e-9))
    failHeader(where, 'partial.seconds', `at most ${seconds}`, partial.seconds);
}

function checkBest(where: string, { settings, position, best }: CheckpointHeader): void {
  const networks = settings.nets.length;
  if (!best) {
    if (position.epoch > 0) failHeader(where, 'best', `one of the ${position.epoch} finished epochs`, best);
    return;
  }
  const { epoch, network, validation, ensemble } = best;
  if (epoch >= position.epoch) failHeader(where, 'best.epoch', `less than ${position.epoch}, a finished epoch`, epoch);
  if (network >= networks) failHeader(where, 'best.network', `less than ${networks}, the number of networks`, network);
  if ((validation === undefined) !== (ensemble === undefined)) {
    failHeader(where, 'best', 'the networks and their ensemble, or none of them', Object.keys(best));
  }
  if (!validation) return;
  if (validation.length !== networks) {
    failHeader(where, 'best.validation', `${networks} entries, one a network`, validation.length);
  }
  if (network !== bestOf(validation)) {
    failHeader(where, 'best.network', `${bestOf(validation)}, which validated best`, network);
  }
}

function checkTrial(where: string, { settings, position, trial, stepsPerEpoch }: CheckpointHeader): void {
  if (!trial) return;
  const networks = settings.nets.length;
  const { network, mate, operation, start, ce } = trial;
  const { parameterPerturbation } = settings;
  if (!parameterPerturbation) failHeader(where, 'trial', 'none, as the settings perturb no parameters', trial);
  if (network >= networks) failHeader(where, 'trial.network', `less than ${networks}, the number of networks`, network);
  if ((operation === 'crossover') !== (mate !== null) || mate === network || (mate ?? 0) >= networks) {
    failHeader(where, 'trial.mate', operation === 'crossover' ? 'another network' : 'none for a mutation', mate);
  }
  if (ce.length !== networks) failHeader(where, 'trial.ce', `${networks} entries, one a network`, ce.length);
  if (stepsPerEpoch === null) return;
  const done = position.epoch * stepsPerEpoch + position.step;
  const first = Math.max(0, done - parameterPerturbation.window + 1);
  if (start < first || start >= done) failHeader(where, 'trial.start', `a step from ${first} to ${done - 1}`, start);
}

function checkPlateau(where: string, { settings, plateau }: CheckpointHeader): void {
  const isOn = settings.schedule.name === 'plateau';
  if (isOn === (plateau !== undefined)) return;
  failHeader(where, 'plateau', isOn ? 'what the schedule plateau has come to' : 'none under this schedule', plateau);
}

/** Fails unless a checkpoint's position is one of a run with so many steps an epoch. */
export function checkSteps(where: string, { position, stepsPerEpoch }: CheckpointHeader, steps: number): void {
  if (position.step > steps)
    failHeader(where, 'position.step', `at most ${steps}, the steps of an epoch`, position.step);
  if (stepsPerEpoch !== null && stepsPerEpoch !== steps) {
    failHeader(where, 'stepsPerEpoch', `${steps}, the steps of an epoch on its data`, stepsPerEpoch);
  }
}

/** The best epoch of a checkpoint that must have one. */
export function bestEpochOf(where: string, { best }: CheckpointHeader): NonNullable<CheckpointHeader['best']> {
  return best ?? failHeader(where, 'best', 'a finished epoch', best);
}
