-- At most ARGV[2] entries from index ARGV[1] on, and the stream's end.
local from = id_of(tonumber(ARGV[1]))
return {redis.call('XRANGE', stream, from, '+', 'COUNT', ARGV[2]), stream_end()}
