import { toHtml } from '../../util/markup.js';
import type { ReportData } from '../content/report-data.js';
import { details, factList, section } from './html.js';

/** Time and memory, settings, environment, and how to do it again. */
export function runSections({ cost, settings, environment, commands, messages }: ReportData): string[] {
  const changed = settings.filter((setting) => setting.changed);
  const commandList = commands.map(
    ({ name, value }) => `<dt>${toHtml(name)}</dt><dd><code>${toHtml(value)}</code></dd>`,
  );
  const told = messages.map(
    ({ type, message }) =>
      `<li class="${type}">${type === 'warning' ? '<strong>Warning:</strong> ' : ''}${toHtml(message)}</li>`,
  );
  return [
    ...(told.length > 0 ? [section('messages', 'Warnings and notes', `<ul>${told.join('\n')}</ul>`)] : []),
    section('cost', 'Time and memory', factList(cost)),
    section(
      'settings',
      'Configuration',
      changed.length > 0
        ? `<p>Other than Agon's defaults:</p>${factList(changed)}`
        : "<p>All settings are Agon's defaults.</p>",
      details('All settings', factList(settings), true),
    ),
    section('environment', 'Environment', factList(environment)),
    section('repeat', 'How to repeat it', `<dl class="facts commands">${commandList.join('\n')}</dl>`),
  ];
}
