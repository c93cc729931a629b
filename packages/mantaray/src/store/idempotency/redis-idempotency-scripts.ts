import { type RedisScript, redisScript } from "../redis/scripts.ts";

/**
 * A key's record is a hash: `f` fingerprint, `h` holder (absent once finished), `a` answer. Redis ends it with
 * the lease or with its time. KEYS: record, index of the finished ones by their end (members are
 * `<bytes>:<record>`), sum of their bytes.
 */
export const claimKeyScript: RedisScript = redisScript(
  "claim-key",
  `
local found = redis.call('HMGET', KEYS[1], 'f', 'h', 'a')
if found[1] and not (found[2] and ARGV[4] ~= '' and found[2] == ARGV[4]) then
  if found[2] then return {'running', found[1], found[2]} end
  return {'finished', found[1], found[3] or ''}
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'h', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'claimed'}
`,
);

/** ARGV: holder, lease. */
export const renewKeyScript: RedisScript = redisScript(
  "renew-key",
  `
if redis.call('HGET', KEYS[1], 'h') ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
);

/** ARGV: holder. */
export const releaseKeyScript: RedisScript = redisScript(
  "release-key",
  `
if redis.call('HGET', KEYS[1], 'h') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`,
);

/** ARGV: holder, answer, its bytes, time to keep, most answers, most bytes, most that are removed now. */
export const finishKeyScript: RedisScript = redisScript(
  "finish-key",
  `
local bytes, keep = tonumber(ARGV[3]), tonumber(ARGV[4])
local function remove(member)
  redis.call('ZREM', KEYS[2], member)
  redis.call('DECRBY', KEYS[3], string.match(member, '^%d+'))
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[7])
for _, member in ipairs(over) do remove(member) end
if redis.call('HGET', KEYS[1], 'h') ~= ARGV[1] then return 0 end
for _ = 1, tonumber(ARGV[7]) do
  local count = redis.call('ZCARD', KEYS[2])
  local sum = tonumber(redis.call('GET', KEYS[3]) or '0')
  if count < tonumber(ARGV[5]) and sum + bytes <= tonumber(ARGV[6]) then break end
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if not oldest then break end
  redis.call('DEL', string.match(oldest, '^%d+:(.*)$'))
  remove(oldest)
end
redis.call('HDEL', KEYS[1], 'h')
redis.call('HSET', KEYS[1], 'a', ARGV[2])
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + keep), ARGV[3] .. ':' .. KEYS[1])
redis.call('INCRBY', KEYS[3], bytes)
return 1
`,
);
