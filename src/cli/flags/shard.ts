import { Option } from 'commander';
import type { Selection } from '../../compare/experiment/selection.js';
import { failUsage } from '../io/usage-error.js';

/** Every n-th run of a plan. */
export function shardOption(): Option {
  return new Option('--shard <k/n>', 'do every n-th run of the plan, from the k-th: 1/4 to 4/4').argParser(parseShard);
}

function parseShard(text: string): Selection {
  const [, shard, of] = (/^(\d+)\/(\d+)$/.exec(text.trim()) ?? []).map(Number);
  if (shard !== undefined && of !== undefined && shard >= 1 && shard <= of) return { shard, of };
  return failUsage('--shard', 'bad value', { expected: 'k/n with k from 1 to n, as 1/4', got: `"${text}"` });
}
