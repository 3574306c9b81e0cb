/** Replays files of golden numbers: `npm run verify -- FILE...`. Exit code 1 when a tolerance is exceeded. */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { portable } from '../src/lower/portable/portable.js';
import { parseDevice } from '../src/runtime/device.js';
import { messageOf } from '../src/util/error.js';
import { printable } from '../src/util/printable.js';
import { describeSides } from './verify/compare-sides.js';
import { holds, type Quantity } from './verify/quantity.js';
import { type Replay, replay } from './verify/replay.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { device: { type: 'string', default: 'cpu' }, portable: { type: 'boolean', default: false } },
});
if (positionals.length === 0) {
  process.stderr.write('usage: npm run verify -- [--device cpu|cuda|webgpu] [--portable] FILE.safetensors...\n');
  process.exit(2);
}

const device = parseDevice(values.device);
const rounding = device.kind.rounding?.(process.env);
if (rounding) process.stdout.write(`${rounding.note}\n`);
let failures = 0;
for (const path of positionals) {
  process.stdout.write(`${printable(path)}\n`);
  try {
    const result = await replay(path, device, values.portable ? portable : undefined);
    process.stdout.write(`${render(result)}\n  ${describeSides(result.sides)}\n`);
    failures += failedNames(result).size;
  } catch (error) {
    process.stdout.write(`  FAILED: ${printable(messageOf(error))}\n`);
    failures++;
  }
}
process.stdout.write(failures === 0 ? 'all within tolerance\n' : `${failures} not within tolerance\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** The quantities that don't hold on the device or in float64. */
function failedNames({ device, graph }: Replay): Set<string> {
  return new Set([...device, ...graph].filter((quantity) => !holds(quantity)).map(({ name }) => name));
}

function render({ device, graph }: Replay): string {
  const table = new Table({
    head: ['run', 'quantity', 'deviation', 'tolerance', 'compared', 'worst', ''],
    style: { head: [], border: [], compact: true },
  });
  table.push(...device.map((quantity) => ['device', ...cells(quantity)]));
  table.push(...graph.map((quantity) => ['float64', ...cells(quantity)]));
  return table.toString();
}

function cells(quantity: Quantity): (string | number)[] {
  const { name, deviation, tolerance, compared, worst } = quantity;
  const verdict = holds(quantity) ? 'ok' : 'EXCEEDED';
  return [name, deviation.toExponential(1), tolerance.toExponential(1), compared, worst, verdict];
}
