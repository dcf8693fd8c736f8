-- Makes the group ARGV[1], which is done with everything below index ARGV[2]. One that is there is
-- moved forward, never back.
local name, from = ARGV[1], tonumber(ARGV[2])
for _, group in ipairs(groups()) do
  if field(group, 'name') == name then
    if delivered(group) < from then
      redis.call('XGROUP', 'SETID', stream, name, id_before(from))
    end
    return 0
  end
end
redis.call('XGROUP', 'CREATE', stream, name, id_before(from), 'MKSTREAM')
return 1
