import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/queue/server/address.js';

describe('the address of a queue', () => {
  it('has a port, a database and TLS as it says', () => {
    expect(parseAddress('redis://first', {})).toEqual({
      host: 'first',
      port: 6379,
      database: 0,
      encrypted: false,
      shown: 'redis://first',
    });
    expect(parseAddress('rediss://[::1]:7000/3', {})).toMatchObject({
      host: '::1',
      port: 7000,
      database: 3,
      encrypted: true,
    });
  });

  it('takes a password from itself or the environment, and shows neither that nor the user', () => {
    const env = { AGON_QUEUE_PASSWORD: 'outside' };
    const own = parseAddress('redis://me:p%40ss@first:7000/1', env);
    expect(own).toMatchObject({ user: 'me', password: 'p@ss', shown: 'redis://first:7000/1' });
    expect(parseAddress('redis://me@first', env)).toMatchObject({ user: 'me', password: 'outside' });
  });

  it.each([
    'first:6379',
    'http://first',
    'redis://:secret@',
    'redis://:secret@first/one',
    'redis://:%secret@first',
    'redis://first?x=secret',
  ])('is an error that does not repeat it: %s', (text) => {
    expect(() => parseAddress(text, {})).toThrow(/^--queue: bad address: expected redis:/);
    expect(() => parseAddress(text, {})).not.toThrow(/secret/);
  });
});
