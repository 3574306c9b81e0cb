import { ruleEntry } from '../../src/autodiff/registry.js';
import { knownOperators } from '../../src/graph/infer/infer.js';
import { AGON, MICROSOFT, NCHWC } from '../../src/graph/node/node.js';
import { OPSET } from '../../src/graph/to-model.js';
import { rewrittenOperators } from '../../src/graph/upgrade/upgrade.js';
import { layoutEntry } from '../../src/lower/cpu/registry.js';
import { markdownTable } from './table.js';

const HEAD = `<!-- Made by \`npm run docs\`. -->
# Operators

What Agon can do with an operator of a graph:

- **known**: graphs can hold it, since its shapes can be inferred. Models with ONNX's own operators and ONNX Runtime's can be imported: forms
  of other operator sets become those of set ${OPSET}, and what is *rewritten* becomes other operators.
- **gradient**: whether a network can be trained through it. \`agon artifacts import\` and \`checkTrainable\` say at once which node can't.
- **blocked**: whether \`--device cpu\` keeps images in ONNX Runtime's channel-blocked layout: of channels that fill blocks, with all inputs of one
  shape, or of one number. What leaves the layout is computed all the same, after a copy.

An operator that isn't here can't be imported.
`;

const AS_REWRITTEN = 'as what it becomes';

/** What each domain is, in the order of the page. */
const DOMAINS: readonly (readonly [domain: string, title: string])[] = [
  ['', "ONNX's own (`ai.onnx`)"],
  [AGON, "Agon's own (`agon`), which a lowering replaces"],
  [MICROSOFT, "ONNX Runtime's (`com.microsoft`)"],
  [NCHWC, "ONNX Runtime's blocked ones (`com.microsoft.nchwc`), which a lowering makes"],
];

/** `docs/operators.md`. */
export function operatorsPage(): string {
  return [HEAD, ...DOMAINS.map(([domain, title]) => `## ${title}\n\n${tableOf(domain)}\n`)].join('\n');
}

function tableOf(domain: string): string {
  const hasLayout = domain === '' || domain === AGON;
  const known = knownOperators(domain).map((op) => [op, 'yes', gradientOf(op, domain), layoutOf(op, domain)]);
  const rewritten =
    domain === '' ? rewrittenOperators().map((op) => [op, 'rewritten', AS_REWRITTEN, AS_REWRITTEN]) : [];
  const rows = [...known, ...rewritten].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const head = ['operator', 'known', 'gradient', 'blocked on the CPU'];
  return hasLayout
    ? markdownTable(head, rows)
    : markdownTable(
        head.slice(0, 3),
        rows.map((row) => row.slice(0, 3)),
      );
}

function gradientOf(op: string, domain: string): string {
  const entry = ruleEntry(op, domain);
  return typeof entry === 'function' ? 'rule' : `none, because ${entry?.because}`;
}

function layoutOf(op: string, domain: string): string {
  const entry = layoutEntry(op, domain);
  return typeof entry === 'function' ? 'yes' : `leaves, because ${entry?.because}`;
}
