-- Adds entries that follow the stream's end. ARGV: the index that the first one follows on, how many
-- entries the stream may hold, and for each entry its index, how many words follow, and its fields.
-- Answers the stream's new end and how many were added.
local next, from, room = stream_end(), tonumber(ARGV[1]), tonumber(ARGV[2])
local added, at = 0, 3
if next < from then return {next, added} end
room = room - redis.call('XLEN', stream)
local now = redis.call('TIME')
now = text(now[1] * 1000 + math.floor(now[2] / 1000))
while at < #ARGV and room > added do
  local index, words = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  if index >= next then
    redis.call('XADD', stream, id_of(index), 'at', now, unpack(ARGV, at + 2, at + 1 + words))
    next, added = index + 1, added + 1
  end
  at = at + 2 + words
end
return {next, added}
