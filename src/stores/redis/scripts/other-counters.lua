-- The counters of a client that a charge does not concern, because another version of the limiter has charged
-- them. A charge keeps them while they count, so that two versions do not erase the counters of each other.
--
-- Twin: src/stores/counter-bound.ts
-- Twin: src/stores/memory/other-counters.ts

-- include: limits

-- The most counters of a client.
local MOST_COUNTERS = 16

-- Adds the counters at these places of the entry to another entry, as far as they still count. Returns how
-- many it has left out, because the client has too many: those that are over first, and the first of equals.
local function keep_others(places, to)
  local kept, over_at_ms, dropped = {}, {}, 0
  for _, at in ipairs(places) do
    local ms = algorithms[entry[at + 1]].over_at_ms(entry[at + 3], entry[at + 2])
    if ms > now_ms then
      kept[#kept + 1], over_at_ms[#kept + 1] = at, ms
    end
  end
  local room = math.max(0, MOST_COUNTERS - (#to - 3) / 4)
  while #kept > room do
    local first = 1
    for index = 2, #kept do
      if over_at_ms[index] < over_at_ms[first] then first = index end
    end
    table.remove(kept, first)
    table.remove(over_at_ms, first)
    dropped = dropped + 1
  end
  for _, at in ipairs(kept) do
    for part = at, at + 3 do to[#to + 1] = entry[part] end
  end
  if #kept > 0 then to[2] = math.max(to[2], entry[2]) end
  return dropped
end
