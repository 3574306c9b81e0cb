import 'zod';

/** The groups of flags, in the order of a command's help. */
export const SETTING_GROUPS = ['Data', 'Contest', 'Steps', 'Tuning', 'Run'] as const;

/** What a setting's schema says in `.meta(...)` beside its type, range and default. */
export interface SettingMeta {
  /** What it does, in a phrase: for docs/settings.md and `agon train --schema`. */
  readonly description?: string | undefined;
  /** The flag that gives it: `--batch-size <n>`. On a choice of objects by their `name`, that of the name. */
  readonly flag?: string | undefined;
  /** Where the help has the flag. */
  readonly group?: (typeof SETTING_GROUPS)[number] | undefined;
  /** What the help says, where that is shorter than the description; a choice's words come after it. */
  readonly help?: string | undefined;
  /** What the help says in place of a default, where the schema has none. */
  readonly otherwise?: string | undefined;
  /** Whether the help only names the flag, on its last line. */
  readonly rare?: boolean | undefined;
  /** Whether the flag takes `none` as well, which turns off the section that the setting is in. */
  readonly turnsOff?: boolean | undefined;
}

declare module 'zod' {
  // Which has a description itself
  interface GlobalMeta extends Omit<SettingMeta, 'description'> {}
}
