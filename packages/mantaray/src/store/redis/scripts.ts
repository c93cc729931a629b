import { createHash } from "node:crypto";

/** A Lua script and the hash by which a server knows it. */
export interface RedisScript {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

/** A script by its text. */
export const redisScript = (name: string, source: string): RedisScript => ({
  name,
  source,
  sha: createHash("sha1").update(source).digest("hex"),
});

/**
 * The lease's record, a hash: `holder` (empty once released), `epoch`, `expires` and `ttl` in ms of the
 * server's clock, `claimer` and `attempt` (whose claim it was), `seq` (the newest write).
 *
 * Numbers of 13 digits are printed with %.0f: Lua's own way of printing may choose an exponent.
 */
const lua = {
  now: `
local function nowMs()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local function text(number) return string.format('%.0f', number) end
`,
  // Who may write. 'gone' and 'behind' tell that the server has forgotten what it had acknowledged: it is
  // empty, or an older copy of itself. Whether that is a loss depends on who asks, so the caller decides.
  check: `
local function check(lease, epoch, acked, holder)
  local found = redis.call('HMGET', lease, 'holder', 'epoch', 'seq')
  local newest = tonumber(found[2])
  if not newest then return {'gone'} end
  if newest < epoch then return {'behind'} end
  if newest > epoch then return {'stale', string.format('%.0f', newest)} end
  if found[1] == '' then return {'released'} end
  if holder and found[1] ~= holder then return {'foreign', found[1]} end
  if tonumber(found[3]) < acked then return {'behind'} end
  return nil, tonumber(found[3])
end
`,
} as const;

/**
 * Takes the lease. ARGV: holder, ttl, claimer, attempt, newest epoch seen, may create, may take.
 * A claim that arrives after a later one of the same claimer (it was stuck in a network) does nothing.
 */
export const claimScript = redisScript(
  "claim",
  `${lua.now}
local lease, holder, ttl = KEYS[1], ARGV[1], tonumber(ARGV[2])
local found = redis.call('HMGET', lease, 'holder', 'epoch', 'expires', 'claimer', 'attempt', 'ttl')
local newest, now = tonumber(found[2]), nowMs()
local behind = newest and newest < tonumber(ARGV[5])
if (behind or not newest) and ARGV[6] ~= '1' then return {'gone'} end
if newest and found[1] ~= '' and found[1] ~= holder then
  local remaining = tonumber(found[3]) - now
  if remaining > tonumber(found[6]) then
    -- The clock went back: a lease is never longer than it was granted for.
    remaining = tonumber(found[6])
    redis.call('HSET', lease, 'expires', text(now + remaining))
  end
  if remaining > 0 or ARGV[7] ~= '1' then
    return {'held', found[1], text(math.max(remaining, 0)), text(newest)}
  end
end
if found[4] == ARGV[3] and tonumber(found[5]) >= tonumber(ARGV[4]) then return {'late'} end
-- Not below what the claimer has seen either: an emptied server's clock may be behind the former one's.
local epoch = math.max(math.max(newest or 0, tonumber(ARGV[5])) + 1, now)
redis.call('HSET', lease, 'holder', holder, 'epoch', text(epoch), 'expires', text(now + ttl), 'ttl', ARGV[2],
  'claimer', ARGV[3], 'attempt', ARGV[4], 'seq', '0')
return {'granted', text(epoch)}
`,
);

/** Prolongs the lease. ARGV: holder, epoch, newest acknowledged write, ttl. */
export const renewScript = redisScript(
  "renew",
  `${lua.now}${lua.check}
local refusal = check(KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[1])
if refusal then return refusal end
redis.call('HSET', KEYS[1], 'expires', text(nowMs() + tonumber(ARGV[4])), 'ttl', ARGV[4])
return {'ok'}
`,
);

/** Gives the lease back; its epoch stays known. ARGV: holder, epoch. */
export const releaseScript = redisScript(
  "release",
  `${lua.check}
local refusal = check(KEYS[1], tonumber(ARGV[2]), 0, ARGV[1])
if refusal then return refusal end
redis.call('HSET', KEYS[1], 'holder', '', 'expires', '0')
return {'ok'}
`,
);

/**
 * One write. ARGV: epoch, number of this write, newest acknowledged write, events to keep, then operations:
 * 's' table field value | 'd' table field | 'e' event | 'r' (empty all tables). Tables are numbers of KEYS.
 *
 * The number is stored first, by a command that a full server refuses: so it refuses the whole write. A
 * write that arrives after a later one (it was stuck in a network) changes nothing.
 */
export const writeScript = redisScript(
  "write",
  `${lua.check}
local refusal, newest = check(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[3]))
if refusal then return refusal end
if tonumber(ARGV[2]) <= newest then return {'late'} end
redis.call('HSET', KEYS[1], 'seq', ARGV[2])
local at, events = 5, false
while at <= #ARGV do
  local op = ARGV[at]
  if op == 's' then
    redis.call('HSET', KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2], ARGV[at + 3])
    at = at + 4
  elseif op == 'd' then
    redis.call('HDEL', KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2])
    at = at + 3
  elseif op == 'e' then
    redis.call('RPUSH', KEYS[6], ARGV[at + 1])
    events = true
    at = at + 2
  else
    redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
    at = at + 1
  end
end
if events then redis.call('LTRIM', KEYS[6], -tonumber(ARGV[4]), -1) end
return {'ok'}
`,
);

/** The fields of a hash with the size of each value, bytes. */
export const sizesScript = redisScript(
  "sizes",
  `
local sizes = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  sizes[#sizes + 1] = field
  sizes[#sizes + 1] = redis.call('HSTRLEN', KEYS[1], field)
end
return sizes
`,
);

/**
 * Removes a namespace unless its lease is alive. ARGV: '1' to remove it in any case. KEYS: the tables, then the index
 * of finished idempotency keys, whose members name their records, and the sum of their bytes. Keys that are in use at
 * this moment end by themselves within their lease. Answers the name and the number of entries of each key that there was.
 */
export const removeScript = redisScript(
  "remove",
  `${lua.now}
local found = redis.call('HMGET', KEYS[1], 'holder', 'expires')
if ARGV[1] ~= '1' and found[1] and found[1] ~= '' then
  local remaining = tonumber(found[2]) - nowMs()
  if remaining > 0 then return {'held', found[1], text(remaining)} end
end
local removed = {'ok'}
for _, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key)['ok']
  if kind ~= 'none' then
    local entries = 1
    if kind == 'hash' then entries = redis.call('HLEN', key) end
    if kind == 'list' then entries = redis.call('LLEN', key) end
    if kind == 'zset' then
      local members = redis.call('ZRANGE', key, 0, -1)
      entries = #members
      for _, member in ipairs(members) do redis.call('UNLINK', string.match(member, '^%d+:(.*)$')) end
    end
    redis.call('UNLINK', key)
    removed[#removed + 1] = key
    removed[#removed + 1] = entries
  end
end
return removed
`,
);

/** Loaded into every server that is connected to. */
export const scripts: readonly RedisScript[] = [claimScript, renewScript, releaseScript, writeScript, sizesScript];
