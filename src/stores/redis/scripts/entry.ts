/**
 * What is kept of a client, under one key, in MessagePack: `{ expiresAtMs, ttlMs, ban, name, algorithm, state ... }`,
 * three members for each limit that was charged last. It is read with one command and written with one.
 */
export const ENTRY = `
local algorithms = {
  ['fixed-window'] = fixed_window,
  ['sliding-window'] = sliding_window,
  ['token-bucket'] = token_bucket,
}

local function load_entry(now)
  local kept = redis.call('GET', KEYS[1])
  if not kept then return nil end
  local entry = cmsgpack.unpack(kept)
  -- Redis forgets it by itself; on a clock of a test this is how it is forgotten.
  if entry[1] <= now then return nil end
  return entry
end

local function save_entry(entry, now, is_test)
  local ttl = math.max(1, entry[1] - now)
  -- The time to live runs on the clock of the server, whatever the test's says.
  if is_test then ttl = math.max(ttl, 3600000) end
  redis.call('SET', KEYS[1], cmsgpack.pack(entry), 'PX', string.format('%.0f', ttl))
end

-- Brings an entry in line with a clock that may have been set back. Tells whether that changed anything.
local function settle(entry, limits, now)
  local changed = false
  local ban = ban_at(entry[3], now)
  if ban ~= entry[3] then
    entry[3], changed = ban, true
  end
  for at = 4, #entry, 3 do
    for _, limit in ipairs(limits) do
      if limit.name == entry[at] and limit.algorithm == entry[at + 1] then
        local rewound = algorithms[limit.algorithm].rewind(entry[at + 2], now, limit)
        if rewound ~= entry[at + 2] then
          entry[at + 2], changed = rewound, true
        end
      end
    end
  end
  return changed
end

local function state_of(entry, limit)
  if not entry then return nil end
  for at = 4, #entry, 3 do
    if entry[at] == limit.name and entry[at + 1] == limit.algorithm then return entry[at + 2] end
  end
end
`
