import type { TrainEvent } from '../../events/events.js';
import { RANGE_TEST } from '../../optim/range-test.js';
import { formatLoss, printable } from '../../report/format.js';
import { labelNetworks } from '../../report/labels.js';
import { LiveLines } from '../../report/live-lines.js';
import { PHASES } from '../../report/live-report.js';
import { type Colors, colorsFor, isLive } from '../../report/output.js';
import { renderTable } from '../../report/table.js';
import { type FoundRates, findRate } from '../../run/find-rate.js';
import type { RequestedSettings } from '../../settings/settings.js';
import { at } from '../../util/checked.js';
import { writeFileWhole } from '../../util/files/files.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';
import { formatRate, rateFigure } from '../text/rate-figure.js';

export interface FindRateCommand {
  readonly settings: RequestedSettings;
  /** Where the curve goes. */
  readonly png: string;
  readonly json: boolean;
}

/** Every so many-th step has a row. */
const ROW_STEPS = 5;

/** `agon train --find-lr`: the range test, its table, the rates that it suggests, and its curve as a PNG. */
export async function runFindRate({ settings, png, json }: FindRateCommand, io: CliIo): Promise<void> {
  const live = isLive(io.stderr, io.env) && !json ? new LiveLines(io.stderr) : undefined;
  const found = await findRate({
    settings,
    emit: (event) => show(event, io, live),
    onStep: (step, rate, losses) => {
      const text = `step ${step + 1} of ${RANGE_TEST.steps} at most: rate ${rate.toExponential(1)}, loss ${losses.map(formatLoss).join(', ')}`;
      live?.show([() => text]);
    },
  }).finally(() => live?.clear());
  await writePng(found, png, io);
  if (json) {
    writeJson(io.stdout, { ...found, png });
    return;
  }
  writeLines(io.stdout, ...linesOf(found, png, colorsFor(io.stdout, io.env)));
}

function show(event: TrainEvent, io: CliIo, live: LiveLines | undefined): void {
  if (event.type === 'phase') live?.show([() => `${PHASES[event.phase]} ...`]);
  if (event.type !== 'warning') return;
  live?.clear();
  writeLines(io.stderr, printable(`warning: ${event.message}`));
}

async function writePng(found: FoundRates, png: string, io: CliIo): Promise<void> {
  const { hasFonts, svgToPng } = await import('../../data/image/svg-to-png.js');
  if (!(await hasFonts())) {
    writeLines(
      io.stderr,
      `warning: ${printable(png)} has no labels, as no fonts are installed (Debian: fonts-dejavu-core)`,
    );
  }
  await writeFileWhole(png, await svgToPng(rateFigure(found)));
}

function linesOf({ settings, rates, networks, suggestion }: FoundRates, png: string, colors: Colors): string[] {
  const labels = labelNetworks(networks);
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = rates.flatMap((rate, step) => {
    if (step % ROW_STEPS !== 0 && step !== rates.length - 1) return [];
    return [[rate.toExponential(1), ...networks.map(({ smoothed }) => formatLoss(smoothed[step] ?? Number.NaN))]];
  });
  const suggested = networks.map(({ suggested: own }, i) => {
    const steepest = own ? formatRate(own.steepest) : 'none';
    return [at(labels, i), steepest, own ? formatRate(own.tenthOfLowest) : 'none'];
  });
  const current = settings.optimizer.lr;
  const end = rates.length < RANGE_TEST.steps ? ', where the losses diverged' : '';
  return [
    colors.dim(`smoothed losses of ${rates.length} steps${end}:`),
    renderTable([right('rate'), ...labels.map(right)], rows, colors),
    '',
    renderTable([{ title: 'network' }, right('steepest'), right('minimum / 10')], suggested, colors),
    '',
    suggestion === undefined
      ? 'no loss falls at any rate: there is nothing to suggest'
      : `suggested: ${colors.bold(`--lr ${formatRate(suggestion)}`)} (${networks.length > 1 ? 'the lowest of the steepest points' : 'the steepest point'}; now ${settings.optimizer.name} ${current})`,
    `curve: ${printable(png)}`,
  ];
}
