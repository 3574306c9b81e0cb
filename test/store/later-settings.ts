/** Settings that came after the files of version 1 were written, with their defaults. */
const LATER: Readonly<Record<string, unknown>> = {
  from: null,
  pretrained: null,
  freeze: 'none',
  unfreezeAt: null,
  views: 1,
  featureCache: 'disk',
};

/** For `JSON.parse`: leaves out settings that came later and have their defaults. */
export function withoutLater(key: string, value: unknown): unknown {
  return key in LATER && value === LATER[key] ? undefined : value;
}
