import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fail } from '../../../src/util/error.js';

/** Where PyTorch's side of the comparison is looked for. */
export const TORCH_TRANSFER = fileURLToPath(new URL('../../../../shared/bench/torch_transfer.py', import.meta.url));

/** What `--transfer` measures. */
export interface TransferOptions {
  /** Folders of photographs. */
  readonly data: readonly string[];
  /** Weights of the network, a file that `--pretrained` takes. */
  readonly weights: string;
  readonly network: string;
  readonly seeds: number;
  /** Whether all layers are trained as well, which takes minutes a seed. */
  readonly fineTuned: boolean;
  readonly torchScript: string;
}

interface Given {
  readonly data?: string | undefined;
  readonly weights?: string | undefined;
  readonly network: string;
  readonly seeds: number;
  readonly fineTuned: boolean;
  readonly torchScript: string | undefined;
}

/** Checks what the command line names. */
export function transferOptions({ data, weights, torchScript = TORCH_TRANSFER, ...rest }: Given): TransferOptions {
  const named = (flag: string, path: string | undefined) => {
    if (path === undefined) return fail('bench', `--transfer needs ${flag}`, { hint: 'See --help' });
    if (!existsSync(path)) fail(path, 'there is no such file or folder');
    return path;
  };
  const folders = (data?.split(',') ?? [undefined]).map((path) => named('--data FOLDER,FOLDER', path));
  return { ...rest, data: folders, weights: named('--weights FILE', weights), torchScript };
}
