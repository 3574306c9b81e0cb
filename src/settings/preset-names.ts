/** Named collections of settings: the paper, its released code, Deep Mutual Learning, no exchange, a frozen teacher. */
export const PRESET_NAMES = ['cd-paper', 'cd-release', 'dml', 'independent', 'kd'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];
