import { describe, expect, it } from 'vitest';
import { operatorsPage } from '../../scripts/docs/operators.js';
import { knownOperators } from '../../src/graph/infer/infer.js';
import { AGON, MICROSOFT, NCHWC } from '../../src/graph/node/node.js';

const rows = operatorsPage()
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '));
const cellsOf = (op: string) => rows.find(([name]) => name === op);

describe('the page of operators', () => {
  it('has a row for each operator of each domain, with all its cells', () => {
    const known = ['', AGON, MICROSOFT, NCHWC].flatMap((domain) => knownOperators(domain));
    const named = rows.map(([op]) => op).filter((op) => op !== 'operator' && op !== '---');
    expect([...named].sort()).toEqual([...known, 'GroupNormalization', 'Swish'].sort());
    for (const cells of rows) expect(cells.join(' | ')).not.toMatch(/undefined|null|\| \|/);
  });

  it('says of some what a reader looks for', () => {
    expect(cellsOf('LayerNormalization')?.slice(0, 3)).toEqual(['LayerNormalization', 'yes', 'rule']);
    expect(cellsOf('Selu')).toEqual(['Selu', 'yes', 'rule', 'yes']);
    expect(cellsOf('ReduceProd')?.[2]).toMatch(/^none, because its gradient at a zero/);
    expect(cellsOf('Floor')?.slice(2)).toEqual([
      expect.stringMatching(/^none, because its output stays or jumps/),
      'yes',
    ]);
    expect(cellsOf('Softmax')?.[3]).toMatch(/^leaves, because it goes along axes/);
  });
});
