-- Removes what lies more than ARGV[1] entries behind the end, or was added more than ARGV[2] ms ago;
-- nothing that a group has not acknowledged. Forgets consumers that hold nothing and have not been
-- seen for ARGV[3] ms. Answers how many entries were removed.
local length, age, absence = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local next = stream_end()
local floor = next
for _, group in ipairs(groups()) do
  local name = field(group, 'name')
  floor = math.min(floor, acknowledged(group))
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, name)) do
    if field(consumer, 'pending') == 0 and field(consumer, 'idle') > absence then
      redis.call('XGROUP', 'DELCONSUMER', stream, name, field(consumer, 'name'))
    end
  end
end

local now = redis.call('TIME')
local oldest = now[1] * 1000 + math.floor(now[2] / 1000) - age
local function is_old(entry)
  return tonumber(field(entry[2], 'at') or 0) < oldest
end

-- The lowest index from which on nothing is too old. Entries were added in order.
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local low, high = floor, floor
if first then low = math.min(index_of(first[1]), floor) end
while low < high do
  local middle = math.floor((low + high) / 2)
  local entry = redis.call('XRANGE', stream, id_of(middle), '+', 'COUNT', 1)[1]
  if entry and is_old(entry) then low = middle + 1 else high = middle end
end

local keep = math.min(floor, math.max(low, next - length))
if not first or keep <= 0 then return 0 end
return redis.call('XTRIM', stream, 'MINID', id_of(keep))
