import type { CommanderError } from 'commander';

/** What Commander says of a wrong call, and how Agon says it: `<where>: <what>: expected <a>, got <b>. <what to do>`. */
const FORMS: readonly (readonly [said: RegExp, text: string])[] = [
  [/^unknown command '(.*)'$/s, '$1: there is no such command'],
  [/^unknown option '(.*)'$/s, '$1: there is no such option'],
  [/^option '(\S+?,? ?\S*) ([<[].*[>\]])' argument missing$/, '$1: has no value: expected $2'],
  [/^missing required argument '(.*)'$/, '<$1>: is missing'],
  [
    /^too many arguments(?: for '(.*)')?\. Expected (\d+) arguments? but got (\d+)\.$/,
    '$1: too many arguments: expected $2, got $3',
  ],
  [/^option '(\S+).*' cannot be used with option '(\S+).*'$/, "$1: can't go with $2. Leave one of them out"],
  [/^option '(\S+).*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s, '$1: there is no "$2". There is: $3'],
];

const SUGGESTION = /\n\(Did you mean (?:one of )?(.*)\?\)$/s;

/** Commander's message of a wrong call, as all other errors are told. */
export function usageText({ message }: Pick<CommanderError, 'message'>): string {
  const text = message.replace(/^error: /, '');
  const [, similar] = SUGGESTION.exec(text) ?? [];
  const said = text.replace(SUGGESTION, '');
  const form = FORMS.find(([each]) => each.test(said));
  const own = form ? said.replace(form[0], form[1]) : said;
  if (similar === undefined) return own;
  return `${own}. Did you mean ${similar
    .split(', ')
    .map((name) => `"${name}"`)
    .join(' or ')}?`;
}
