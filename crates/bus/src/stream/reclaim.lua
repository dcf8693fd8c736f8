-- Takes over what others of group ARGV[1] had for longer than ARGV[3] ms, for consumer ARGV[2], at
-- most ARGV[4] entries. What was taken over before comes alone: if one entry ends whoever holds it,
-- its neighbours go free. Answers each entry's id, how often it was delivered and its fields; and
-- how many were deleted before they were acknowledged.
local group, consumer, idle, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local first = redis.call('XPENDING', stream, group, 'IDLE', idle, '-', '+', 1)[1]
if not first then return {{}, 0} end
if first[4] > 1 then count = 1 end
local claimed = redis.call('XAUTOCLAIM', stream, group, consumer, idle, first[1], 'COUNT', count)
local entries = {}
for at, entry in ipairs(claimed[2]) do
  local pending = redis.call('XPENDING', stream, group, entry[1], entry[1], 1)[1]
  entries[at] = {entry[1], pending[4], entry[2]}
end
return {entries, #claimed[3]}
