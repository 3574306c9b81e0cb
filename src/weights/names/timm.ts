/** Blocks of each stage, by the first and the last name of torchvision's that tell the networks apart. */
interface Layout {
  /** The index of the last convolution in `features`. */
  readonly last: number;
  readonly stages: readonly number[];
  readonly kind: 'conv' | 'block';
}

const LAYOUTS: readonly Layout[] = [
  { kind: 'conv', last: 18, stages: [1, 2, 3, 4, 3, 3, 1] },
  { kind: 'block', last: 12, stages: [1, 2, 3, 2, 3] },
  { kind: 'block', last: 16, stages: [1, 2, 3, 4, 2, 3] },
];

/**
 * timm's names of a network's parameters, by torchvision's: of MobileNetV2 and V3 of any width. Empty for others, whose names are the
 * same (ResNets) or which timm doesn't have.
 */
export function timmNames(names: Iterable<string>): Map<string, string> {
  const all = [...names];
  const layout = LAYOUTS.find((each) => fits(each, all));
  return new Map(layout ? all.map((name) => [name, timmName(name, layout, all)]) : []);
}

function fits({ kind, last }: Layout, names: readonly string[]): boolean {
  return (
    names.includes(`features.${last}.0.weight`) &&
    names.some((name) => name.startsWith(`features.${last - 1}.${kind}.`))
  );
}

/** timm's name of one parameter; torchvision's own where there is no rule. */
function timmName(name: string, layout: Layout, names: readonly string[]): string {
  const [, path = '', leaf = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
  const outside = outsideBlocks(layout)[path];
  if (outside) return `${outside}.${leaf}`;
  const [, index = '', part = ''] = /^features\.(\d+)\.(?:conv|block)\.(.+)$/.exec(path) ?? [];
  const block = blockName(Number(index), layout.stages);
  return part && block ? `${block}.${partName(part, partsOf(names, index))}.${leaf}` : name;
}

/** Modules before and behind the blocks. */
function outsideBlocks({ kind, last, stages }: Layout): Readonly<Record<string, string>> {
  const stem = { 'features.0.0': 'conv_stem', 'features.0.1': 'bn1' };
  if (kind === 'conv')
    return {
      ...stem,
      [`features.${last}.0`]: 'conv_head',
      [`features.${last}.1`]: 'bn2',
      'classifier.1': 'classifier',
    };
  const end = `blocks.${stages.length}.0`;
  return {
    ...stem,
    [`features.${last}.0`]: `${end}.conv`,
    [`features.${last}.1`]: `${end}.bn1`,
    'classifier.0': 'conv_head',
    'classifier.3': 'classifier',
  };
}

/** `blocks.<stage>.<index>` of the block with a number from 1. */
function blockName(number: number, stages: readonly number[]): string | undefined {
  let index = number - 1;
  for (const [stage, blocks] of stages.entries()) {
    if (index >= 0 && index < blocks) return `blocks.${stage}.${index}`;
    index -= blocks;
  }
  return undefined;
}

/** The modules of one block with parameters, in order: `0.0`, `0.1`, `1.0`, ... */
function partsOf(names: readonly string[], index: string): string[] {
  const parts = names.map((name) => new RegExp(`^features\\.${index}\\.(?:conv|block)\\.(.+)\\.\\w+$`).exec(name)?.[1]);
  return [...new Set(parts)].filter((part) => part !== undefined);
}

const SQUEEZE: Readonly<Record<string, string>> = { fc1: 'se.conv_reduce', fc2: 'se.conv_expand' };

/** Convolutions and norms by their place among the block's: a block that doesn't expand has two pairs, the others three. */
function partName(part: string, parts: readonly string[]): string {
  const squeeze = SQUEEZE[part.split('.')[1] ?? ''];
  if (squeeze) return squeeze;
  const pairs = parts.filter((each) => !/fc[12]$/.test(each));
  const place = pairs.indexOf(part);
  const convs = pairs.length === 4 ? ['conv_dw', 'conv_pw'] : ['conv_pw', 'conv_dw', 'conv_pwl'];
  const pair = Math.floor(place / 2);
  return place % 2 === 0 ? (convs[pair] ?? part) : `bn${pair + 1}`;
}
