-- One request under GCRA; see gcra.rs. One key, so it works on a cluster; Redis's own clock, so that
-- processes need not agree on the time.
-- KEYS[1]: somebody's theoretical arrival time, in microseconds
-- ARGV[1]: emission interval in microseconds; ARGV[2]: burst
-- returns: 1 if admitted, else 0; how far the arrival time is ahead of now, in microseconds
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local emission = tonumber(ARGV[1])
local full = now + emission * tonumber(ARGV[2])
local stored = tonumber(redis.call('GET', KEYS[1]) or '') or now
local arrival = math.min(math.max(stored, now), full)
local allowed = 0
if arrival + emission <= full then
  arrival = arrival + emission
  allowed = 1
end
if arrival ~= stored and arrival > now then
  -- Lua writes large numbers with 14 digits only if not told.
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil((arrival - now) / 1000))
end
return {allowed, arrival - now}
