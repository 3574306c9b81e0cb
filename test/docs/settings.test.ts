import { describe, expect, it } from 'vitest';
import { settingsPage } from '../../scripts/docs/settings.js';
import { SETTING_FLAGS } from '../../src/cli/flags/setting-flags.js';
import { SETTINGS } from '../../src/cli/flags/setting-schema.js';

const rows = settingsPage()
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.slice(2, -2).split(' | '));
const rowsOf = (name: string) => rows.filter(([cell]) => cell?.startsWith(`\`${name}\``));

describe('the page of settings', () => {
  it('has a row for each setting, with all its cells, and each flag', () => {
    for (const { path, owners } of SETTINGS) {
      expect(rowsOf(path.join('.')), path.join('.')).toHaveLength(Math.max(1, owners.length));
    }
    for (const cells of rows) {
      expect(cells).toHaveLength(5);
      expect(cells.join(' | ')).not.toMatch(/undefined|\[object|\| {2}\|/);
      expect(cells.at(-1)?.trim()).not.toBe('');
    }
    const flags = new Set(rows.map(([, flag]) => flag));
    for (const { flag } of SETTING_FLAGS) expect(flags).toContain(`\`${flag}\``);
  });

  it('says of some what a reader looks for', () => {
    expect(rowsOf('warmupEpochs')).toEqual([
      [
        '`warmupEpochs`',
        '`--warmup-epochs <n>`',
        'a number from 0',
        '`0`',
        'linear learning-rate warm-up over the first epochs',
      ],
    ]);
    expect(rowsOf('optimizer.weightDecay').map((cells) => cells.slice(0, 4))).toEqual([
      ['`optimizer.weightDecay` of `sgd`', '`--weight-decay <w>`', 'a number from 0', '`0.0005`'],
      ['`optimizer.weightDecay` of `adamw`', '`--weight-decay <w>`', 'a number from 0', '`0.01`'],
    ]);
    expect(rowsOf('augmentation')[0]?.[2]).toBe('`auto`, `none`, an object');
    expect(rowsOf('teacher')[0]?.slice(1, 4)).toEqual(['–', 'an object, or `null`', '`null`']);
    expect(rowsOf('size')[0]?.slice(2, 4)).toEqual(['a whole number from 1 to 16383', "the data's"]);
  });
});
