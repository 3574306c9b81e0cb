/** Replays files of golden numbers: `npm run verify -- FILE...`. Exit code 1 when a tolerance is exceeded. */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { portable } from '../src/lower/portable.js';
import { parseDevice } from '../src/runtime/device.js';
import { messageOf } from '../src/util/error.js';
import { holds, type Quantity } from './verify/quantity.js';
import { replay } from './verify/replay.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { device: { type: 'string', default: 'cpu' }, portable: { type: 'boolean', default: false } },
});
if (positionals.length === 0) {
  process.stderr.write('usage: npm run verify -- [--device cpu|cuda|webgpu] [--portable] FILE.safetensors...\n');
  process.exit(2);
}

let failures = 0;
for (const path of positionals) {
  process.stdout.write(`${path}\n`);
  try {
    const quantities = await replay(path, parseDevice(values.device), values.portable ? portable : undefined);
    process.stdout.write(`${render(quantities)}\n`);
    failures += quantities.filter((quantity) => !holds(quantity)).length;
  } catch (error) {
    process.stdout.write(`  FAILED: ${messageOf(error)}\n`);
    failures++;
  }
}
process.stdout.write(failures === 0 ? 'all within tolerance\n' : `${failures} not within tolerance\n`);
process.exitCode = failures === 0 ? 0 : 1;

function render(quantities: readonly Quantity[]): string {
  const table = new Table({
    head: ['quantity', 'deviation', 'tolerance', 'compared', 'worst', ''],
    style: { head: [], border: [], compact: true },
  });
  for (const quantity of quantities) {
    const { name, deviation, tolerance, compared, worst } = quantity;
    table.push([
      name,
      deviation.toExponential(1),
      tolerance.toExponential(1),
      compared,
      worst,
      holds(quantity) ? 'ok' : 'EXCEEDED',
    ]);
  }
  return table.toString();
}
