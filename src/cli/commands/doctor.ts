import type { Command } from 'commander';
import type { Finding } from '../../doctor/finding.js';
import { formatNumberOf, printable } from '../../report/format.js';
import { type Colors, colorsFor } from '../../report/output.js';
import { jsonOption } from '../flags/options.js';
import { type CliIo, writeJson, writeLines } from '../io/io.js';

/** `agon doctor` */
export function define(command: Command, io: CliIo): void {
  command
    .addOption(jsonOption())
    .addHelpText('after', '\nExits with 1 if something was found that keeps Agon from working. Nothing is written.')
    .action(async ({ json }: { readonly json?: true }) => {
      const { examineMachine } = await import('../../doctor/examine.js');
      const findings = await examineMachine(io.env);
      const problems = findings.filter(({ mark }) => mark === 'problem').length;
      if (json) writeJson(io.stdout, findings);
      else writeLines(io.stdout, ...formatFindings(findings, colorsFor(io.stdout, io.env)));
      io.exitCode = problems > 0 ? 1 : 0;
    });
}

/** A line for each finding, with what to do beneath, and what it comes to. */
export function formatFindings(findings: readonly Finding[], colors: Colors): string[] {
  const color = { ok: colors.green, note: colors.yellow, problem: colors.red };
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.flatMap(({ mark, subject, text, hint }) => [
    `${color[mark](mark.padEnd(7))}  ${subject.padEnd(width)}  ${printable(text)}`,
    ...(hint === undefined ? [] : [`${' '.repeat(width + 11)}${printable(hint)}`]),
  ]);
  const count = (wanted: Finding['mark']) => findings.filter(({ mark }) => mark === wanted).length;
  const problems = count('problem');
  const end = problems > 0 ? `${formatNumberOf(problems, 'problem')}: see above` : 'Agon works on this machine';
  const notes = count('note');
  return [...lines, '', notes > 0 ? `${end}; ${formatNumberOf(notes, 'note')}` : end];
}
