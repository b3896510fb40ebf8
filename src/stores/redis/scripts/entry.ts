/** What is done to all limits of a client at once. */
export const ENTRY = `
local algorithms = {
  ['fixed-window'] = fixed_window,
  ['sliding-window'] = sliding_window,
  ['token-bucket'] = token_bucket,
}

-- Brings an entry in line with a clock that may have been set back. Tells whether that changed anything.
local function settle(limits)
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

local function state_of(limit)
  if not entry then return nil end
  for at = 4, #entry, 3 do
    if entry[at] == limit.name and entry[at + 1] == limit.algorithm then return entry[at + 2] end
  end
end
`
