-- What the scripts share. KEYS[1] is the stream. An index is the first number of an id; it stays
-- below 2^53, where a Lua number is exact. 0 stands under 0-1, since Redis has no id 0-0.
local stream = KEYS[1]

local function text(number)
  return string.format('%.0f', number)
end

local function id_of(index)
  if index == 0 then return '0-1' end
  return text(index) .. '-0'
end

-- The highest id below an index.
local function id_before(index)
  if index == 0 then return '0-0' end
  return id_of(index - 1)
end

local function index_of(id)
  return tonumber(string.match(id, '^%d+'))
end

-- The index after an id.
local function index_after(id)
  if id == '0-0' then return 0 end
  return index_of(id) + 1
end

-- The value beside a name in a flat list.
local function field(flat, name)
  for at = 1, #flat, 2 do
    if flat[at] == name then return flat[at + 1] end
  end
end

-- The index after the last that ever was in the stream.
local function stream_end()
  if redis.call('EXISTS', stream) == 0 then return 0 end
  return index_after(field(redis.call('XINFO', 'STREAM', stream), 'last-generated-id'))
end

local function groups()
  if redis.call('EXISTS', stream) == 0 then return {} end
  return redis.call('XINFO', 'GROUPS', stream)
end

local function delivered(group)
  return index_after(field(group, 'last-delivered-id'))
end

-- Everything below was acknowledged by a group.
local function acknowledged(group)
  local pending = redis.call('XPENDING', stream, field(group, 'name'))
  if pending[1] == 0 then return delivered(group) end
  return index_of(pending[2])
end

