import type { Command, Help, Option } from 'commander';

const GROUP_WIDTH = 8;

/** The help of a command with many options on one screen: the group of options in a column before them. Who reads it knows --help. */
export function formatCompactHelp(command: Command, helper: Help): string {
  const options = helper.visibleOptions(command).filter(({ long }) => long !== '--help');
  const groups = helper.groupItems([...command.options], options, (option) => option.helpGroupHeading ?? 'Run');
  const width = Math.max(...options.map((option) => helper.optionTerm(option).length));
  const blocks = [...groups].map(([name, members]) => formatGroup(name, members, width, helper));
  const usage = `${helper.styleTitle('Usage:')} ${helper.commandUsage(command)}`;
  return `${usage}  (${command.summary()})\n${blocks.join('\n')}\n${rareLine(command, helper)}`;
}

/** The names of options that few need. */
function rareLine({ options }: Command, helper: Help): string {
  const names = options.filter(({ hidden }) => hidden).map(({ long }) => long);
  return names.length > 0 ? `${helper.styleTitle('Rare')}     ${names.join(' ')} (docs/settings.md)\n` : '';
}

function formatGroup(name: string, members: readonly Option[], width: number, helper: Help): string {
  const lines = members.map((option, i) => {
    const group = helper.styleTitle((i === 0 ? name : '').padEnd(GROUP_WIDTH));
    return `${group}${helper.optionTerm(option).padEnd(width)}  ${helper.optionDescription(option)}`.trimEnd();
  });
  return lines.join('\n');
}
