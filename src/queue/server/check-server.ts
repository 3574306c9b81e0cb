import { fail } from '../../util/error.js';

/** The first version whose commands and eviction rules the queue relies on. */
const OLDEST = [6, 2] as const;

/**
 * Fails where a server would lose or drop what the queue holds: it must keep an append-only file, and evict nothing. Valkey says the version
 * of Redis that it is compatible with.
 *
 * @param info - What the command INFO gives.
 */
export function checkServer(info: string, shown: string): void {
  const fields = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string | undefined]));
  const version = fields.get('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    fail(shown, 'version of the server', { expected: `Redis ${OLDEST.join('.')} or later, or Valkey`, got: version });
  }
  const policy = fields.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    fail(shown, 'the server drops entries when its memory is full', {
      expected: 'maxmemory-policy noeviction',
      got: policy ?? 'unknown',
      hint: remedy('maxmemory-policy', 'noeviction'),
    });
  }
  if (fields.get('aof_enabled') === '1') return;
  fail(shown, 'the server forgets the queue when it restarts', {
    expected: 'appendonly yes',
    got: 'appendonly no',
    hint: remedy('appendonly', 'yes'),
  });
}

function remedy(setting: string, value: string): string {
  return `Run \`redis-cli CONFIG SET ${setting} ${value}\` (valkey-cli likewise), and write "${setting} ${value}" into the server's configuration`;
}
