-- One sorted set holds when each scope last changed: its member is the scope, its score the
-- generation. '*' stands for all scopes, listed or not; it is always there, so that its absence
-- tells that Redis was emptied.
--
-- KEYS[1] the set; ARGV: the newest generation that the caller knows of, the one from which on it
-- wants news, how many changes it takes, for how long changes are kept in microseconds, the channel,
-- and the scopes that changed. Answers the newest generation, then scope and generation of each
-- change. Generations are texts: Lua would round them.

local set, seen, cursor = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local most, kept, channel = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local function text(generation) return string.format('%.0f', generation) end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local newest = tonumber(redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')[2] or 0)

-- What is known elsewhere and not here was lost: nobody can say what else was.
if newest < seen or not redis.call('ZSCORE', set, '*') then
  newest = math.max(newest + 1, seen + 1, now)
  redis.call('ZADD', set, text(newest), '*')
end

if #ARGV > 5 then
  newest = math.max(newest + 1, now)
  for i = 6, #ARGV do
    redis.call('ZADD', set, text(newest), ARGV[i])
    redis.call('PUBLISH', channel, text(newest) .. ' ' .. ARGV[i])
  end
  -- No entry lives as long: what was stored before has expired.
  redis.call('ZREMRANGEBYSCORE', set, '-inf', text(newest - kept))
  redis.call('ZADD', set, 'NX', text(newest - kept), '*')
end

if redis.call('ZCOUNT', set, '(' .. text(cursor), '+inf') > most then
  return { text(newest), '*', text(newest) }
end
local answer = { text(newest) }
local changes = redis.call('ZRANGEBYSCORE', set, '(' .. text(cursor), '+inf', 'WITHSCORES')
for i = 1, #changes, 2 do
  answer[#answer + 1] = changes[i]
  answer[#answer + 1] = text(tonumber(changes[i + 1]))
end
return answer
