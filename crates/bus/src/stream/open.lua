-- Prepares the stream to take entries from index ARGV[1] on, of a ledger that ends before ARGV[2].
-- ARGV[3] is how many entries a stream may lag behind before it is not filled up any more. Answers
-- the index to publish from.
local from, ledger_end, lag = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local next = stream_end()
if next > ledger_end then
  -- It is another ledger's, or this one was put back to an older state.
  redis.call('DEL', stream)
  next = 0
end
if redis.call('XLEN', stream) > 0 then from = math.max(0, from - lag) end
if next < from then
  -- The only way to move the end of a stream, whether it is there or not.
  local last = id_before(from)
  redis.call('XADD', stream, last, 'v', '0')
  redis.call('XDEL', stream, last)
  next = from
end
return next
