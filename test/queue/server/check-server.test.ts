import { describe, expect, it } from 'vitest';
import { checkServer } from '../../../src/queue/server/check-server.js';

/** What the command INFO gives, as far as it counts. */
const info = (fields: Record<string, string>) => {
  const all = { redis_version: '7.0.15', maxmemory_policy: 'noeviction', aof_enabled: '1', ...fields };
  return `# Server\r\n${Object.entries(all)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`;
};

describe('the check of a server', () => {
  it.each([
    {},
    { redis_version: '6.2.0' },
    { redis_version: '7.2.4', valkey_version: '8.1.0' },
    { redis_version: '10.0.0' },
  ])('is content with %o', (fields) => {
    expect(() => checkServer(info(fields), 'redis://x')).not.toThrow();
  });

  it.each([
    [
      { redis_version: '6.0.16' },
      'redis://x: version of the server: expected Redis 6.2 or later, or Valkey, got 6.0.16',
    ],
    [{ maxmemory_policy: 'volatile-lru' }, 'CONFIG SET maxmemory-policy noeviction'],
    [{ aof_enabled: '0' }, 'CONFIG SET appendonly yes'],
  ])('refuses %o', (fields, message) => {
    expect(() => checkServer(info(fields), 'redis://x')).toThrow(message);
  });
});
