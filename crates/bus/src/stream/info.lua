-- The stream's length, the id of its first entry, its end, and for each group its name, how many
-- consumers it has, how many entries are pending, and the indexes below which everything was
-- acknowledged, and delivered.
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
local told = {}
for at, group in ipairs(groups()) do
  told[at] = {
    field(group, 'name'), field(group, 'consumers'), field(group, 'pending'),
    acknowledged(group), delivered(group),
  }
end
return {redis.call('XLEN', stream), first and first[1] or false, stream_end(), told}
