import type { Command, Help, Option } from 'commander';

const GROUP_WIDTH = 8;
const COLUMNS = 100;

/** The option that lists all others. */
export const HELP_ALL = '--help-all';

/** The help of a command with many options on one screen: the group of options in a column before them. Who reads it knows --help. */
export function formatCompactHelp(command: Command, helper: Help): string {
  return `${formatOptions(command, helper, ({ hidden }) => !hidden)}${rareLines(command, helper)}`;
}

/** The same with the options that few need. */
export function formatWholeHelp(command: Command): string {
  return formatOptions(command, command.createHelp(), () => true);
}

function formatOptions(command: Command, helper: Help, isShown: (option: Option) => boolean): string {
  const options = command.options.filter((option) => option.long !== '--help' && isShown(option));
  const groups = helper.groupItems([...command.options], options, (option) => option.helpGroupHeading ?? 'Run');
  const width = Math.max(...options.map((option) => helper.optionTerm(option).length));
  const blocks = [...groups].map(([name, members]) => formatGroup(name, members, width, helper));
  const usage = `${helper.styleTitle('Usage:')} ${helper.commandUsage(command)}`;
  return `${usage}  (${command.summary()})\n${blocks.join('\n')}\n`;
}

/** The names of options that few need. */
function rareLines({ options }: Command, helper: Help): string {
  const names = options.filter(({ hidden }) => hidden).flatMap(({ long }) => long ?? []);
  if (names.length === 0) return '';
  const lines = wrapped([...names, `(${HELP_ALL} describes them)`]);
  return lines.map((line, i) => `${helper.styleTitle((i === 0 ? 'Rare' : '').padEnd(GROUP_WIDTH))}${line}\n`).join('');
}

/** Words in lines as long as there is room beside the groups. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && GROUP_WIDTH + last.length + 1 + word.length <= COLUMNS)
      lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(word);
  }
  return lines;
}

function formatGroup(name: string, members: readonly Option[], width: number, helper: Help): string {
  const lines = members.map((option, i) => {
    const group = helper.styleTitle((i === 0 ? name : '').padEnd(GROUP_WIDTH));
    return `${group}${helper.optionTerm(option).padEnd(width)}  ${helper.optionDescription(option)}`.trimEnd();
  });
  return lines.join('\n');
}
