import type { LineageStep } from './lineage.js';
import type { Lineage } from './lineage-file.js';

type Cell = string | number | boolean | null | undefined;

/** A heading, then a line for each step that is known. Epochs, steps and networks count from 0; `0>1` is 0 teaching 1. */
export function lineageCsv({ networks, stepsPerEpoch, steps }: Lineage): string[] {
  const columns = [
    ...['epoch', 'step', 'winner', 'margin', 'teaches', ...networks.map((_, i) => `kl_${i}`)],
    ...['input_network', 'input_operation', 'input_difference'],
    ...['parameters_network', 'parameters_operation', 'parameters_mate'],
    ...['verdict_network', 'verdict_operation', 'verdict_kept', 'verdict_gain'],
  ];
  const rows = steps.flatMap((step, count) => {
    return step ? [[Math.floor(count / stepsPerEpoch), count % stepsPerEpoch, ...cellsOf(step)]] : [];
  });
  return [columns, ...rows].map((cells) => cells.map((cell) => cell ?? '').join(','));
}

function cellsOf({ winner, margin, teachers, kl, ...step }: LineageStep): Cell[] {
  const { inputPerturbation: input, parameterPerturbation: parameters, verdict } = step;
  const pairs = teachers.flatMap((row, i) => row.flatMap((teaches, j) => (teaches ? [`${j}>${i}`] : [])));
  return [
    ...[winner, margin, pairs.join(' '), ...kl],
    ...[input?.network, input?.operation, input?.difference],
    ...[parameters?.network, parameters?.operation, parameters?.mate],
    ...[verdict?.network, verdict?.operation, verdict?.kept, verdict?.gain],
  ];
}
