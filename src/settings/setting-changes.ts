import { isSection } from './presets.js';

/** A setting that is no longer where it was. */
export interface SettingChange {
  /** Where it was: `optimizer.decay`. */
  readonly was: string;
  /** Where it is now; absent where it was removed. */
  readonly now?: string;
  /** What its value is now. */
  readonly convert?: (value: unknown) => unknown;
}

/**
 * Settings that were renamed or removed, from the oldest to the newest: files that name them are read as what they meant. A name
 * that was once a setting is never given to another one.
 */
export const SETTING_CHANGES: readonly SettingChange[] = [];

/**
 * Settings, or a part of them, as they are named now. One that is there under its new name as well keeps its old one beside it,
 * for the schema to refuse. What is no settings stays what it is.
 */
export function migrateSettings(input: unknown, changes: readonly SettingChange[] = SETTING_CHANGES): unknown {
  return changes.reduce(applyChange, input);
}

function applyChange(input: unknown, { was, now, convert = (value) => value }: SettingChange): unknown {
  const value = valueAt(input, was);
  if (value === undefined || (now !== undefined && valueAt(input, now) !== undefined)) return input;
  const rest = withValue(input, was.split('.'), undefined);
  return now === undefined ? rest : withValue(rest, now.split('.'), convert(value));
}

function valueAt(input: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    return isSection(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, input);
}

/** A copy with a value in its place, or without one where it is undefined. */
function withValue(input: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const { [key]: inner, ...others } = isSection(input) ? input : {};
  const changed = rest.length > 0 ? withValue(inner, rest, value) : value;
  return changed === undefined ? others : { ...others, [key]: changed };
}
