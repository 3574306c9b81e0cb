/** A Lua script: the server runs each as one step. */
interface Script {
  readonly keys: number;
  readonly lua: string;
}

/**
 * Takes a task under a new fencing token, if the lock of BullMQ is one's own. What was sent under the token before goes.
 * Keys: comparisons, task, lock. Arguments: comparison, lock's value, name of the new token's owner, beginning of the keys of files.
 */
const claim: Script = {
  keys: 3,
  lua: `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {'gone'} end
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return {'lost'} end
if redis.call('HEXISTS', KEYS[2], 'manifest') == 1 then return {'done'} end
local before = redis.call('HGET', KEYS[2], 'token')
local token = redis.call('HINCRBY', KEYS[2], 'count', 1) .. '.' .. ARGV[3]
redis.call('HSET', KEYS[2], 'token', token)
if before then redis.call('UNLINK', ARGV[4] .. before) end
return {'claimed', token}`,
};

/**
 * Renews the lock of a task. One that has run out is taken anew as long as nobody else has the task.
 * Keys: task, lock, stalled, active. Arguments: token, lock's value, lock's milliseconds, task.
 */
const renew: Script = {
  keys: 4,
  lua: `
local held = redis.call('GET', KEYS[2])
if held and held ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if not held and not redis.call('LPOS', KEYS[4], ARGV[4]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('SREM', KEYS[3], ARGV[4])
return 1`,
};

/**
 * Takes in a chunk of a result, under the newest token only.
 * Keys: task, files. Arguments: token, chunk's name, bytes, seconds that an unfinished result is kept.
 */
const send: Script = {
  keys: 2,
  lua: `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'manifest') == 1 then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1`,
};

/**
 * Makes what was sent the task's result, under the newest token only, and only if all of it is there.
 * Keys: comparisons, task, files, done. Arguments: comparison, token, manifest, number of chunks, task.
 */
const commit: Script = {
  keys: 4,
  lua: `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 'gone' end
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[2] then return 'late' end
if redis.call('HEXISTS', KEYS[2], 'manifest') == 1 then return 'accepted' end
if redis.call('HLEN', KEYS[3]) ~= tonumber(ARGV[4]) then return 'partial' end
redis.call('HSET', KEYS[2], 'manifest', ARGV[3])
redis.call('PERSIST', KEYS[3])
redis.call('SADD', KEYS[4], ARGV[5])
return 'accepted'`,
};

/** By the names of the commands that they become. */
export const SCRIPTS = { agonClaim: claim, agonRenew: renew, agonSend: send, agonCommit: commit } as const;
