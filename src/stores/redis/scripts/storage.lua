-- The entry of a client, as an operation works with it. It hides in which of two formats Redis stores the
-- entry, what of it can be read, and when Redis deletes it.
--
-- An entry is { expires_at_ms, ttl_ms, ban or false, name, algorithm, window_ms, state ... }, where name,
-- algorithm, window_ms and state stand for each counter of the client: those of the last charge, then those
-- of other limits that still count. Counters are identified by name, algorithm and window. The `window_ms` of
-- a calendar window is a text that names its calendar.

-- include: clock
-- include: stored-client

-- Larger than each number of an entry. A time to live may have 16 digits.
local LARGEST_NUMBER = 2 ^ 53

local function has_numbers(list, first, last)
  for at = first, last do
    local number = list[at]
    local is_whole = number - number % 1 == number -- False for text too, which Lua would take for a number.
    if not is_whole or number <= -LARGEST_NUMBER or number >= LARGEST_NUMBER then return false end
  end
  return true
end

-- The list in MessagePack. It fails, or returns nothing, if the bytes are no such list.
local function unpack_list()
  local list, more = cmsgpack.unpack(stored)
  if more ~= nil or #list % 4 ~= 3 or not has_numbers(list, 1, 2) then return end
  local ban = list[3]
  if ban ~= false then
    local is_readable = ban[1] == 'ban' and has_numbers(ban, 2, 3)
      or ban[1] == 'refusals' and #ban[2] % 3 == 1 and has_numbers(ban[2], 1, #ban[2])
    if not is_readable then return end
  end
  for at = 4, #list, 4 do
    local algorithm, state = list[at + 1], list[at + 3]
    local is_readable = algorithm == 'sliding-window' and #state % 3 == 1
      or algorithm == 'fixed-window' and #state == 3
      or algorithm == 'token-bucket' and #state == 4
      or algorithm == 'calendar-window' and #state == 3
    local has_window
    if algorithm == 'calendar-window' then
      has_window = type(list[at + 2]) == 'string'
    else
      has_window = has_numbers(list, at + 2, at + 2)
    end
    -- The comparison fails for a name that is no text.
    is_readable = is_readable and list[at] >= '' and has_window
    if not is_readable or not has_numbers(state, 1, #state) then return end
  end
  return list
end

-- Nil if the bytes cannot be read.
local function decode()
  if string.byte(stored) ~= SINGLE_WINDOW_MARK then
    local is_read, list = pcall(unpack_list)
    return is_read and list or nil
  end
  if #stored < NAME_STARTS_AT then return nil end
  local _, expires_at_ms, ttl_ms, start_ms, used, window_ms, window_id =
    struct.unpack(SINGLE_WINDOW_NUMBERS, stored)
  local name, state = string.sub(stored, NAME_STARTS_AT, -2), { start_ms, used, window_id }
  return { expires_at_ms, ttl_ms, false, name, 'fixed-window', window_ms, state }
end

local function encode(changed)
  local expires_at_ms, ttl_ms, ban, name, algorithm, window_ms, state, next_name = unpack(changed)
  if ban or algorithm ~= 'fixed-window' or next_name ~= nil then return cmsgpack.pack(changed) end
  local start_ms, used, window_id = unpack(state)
  -- No expiry is earlier than the start of its window. So these two bounds are enough.
  local longest_ms = math.max(expires_at_ms, ttl_ms, window_ms)
  if longest_ms >= LARGEST_TIME or start_ms <= -LARGEST_TIME then return cmsgpack.pack(changed) end
  return struct.pack(
    SINGLE_WINDOW_FORMAT,
    SINGLE_WINDOW_MARK, expires_at_ms, ttl_ms, start_ms, used, window_ms, window_id, name
  )
end

-- The entry of the client that the operation is about. Nil if nothing is known of the client.
local entry

local function read_entry()
  entry = stored and decode() or nil
  -- Redis deletes an entry that has expired. On the clock of a test it does not, and the script ignores the
  -- entry.
  if entry and entry[1] <= now_ms then entry = nil end
end

local function save(changed)
  local expires_in_ms = math.max(1, changed[1] - now_ms)
  -- Redis counts the time to live on its own clock, which may run faster than the clock of a test.
  if is_test then expires_in_ms = math.max(expires_in_ms, 3600000) end
  call('PSETEX', key, expires_in_ms, encode(changed))
end
