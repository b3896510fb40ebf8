/**
 * The twin of `src/limits/sliding-window.ts`. A state is `{ lastId, id, lastMs, units, id, lastMs, units ... }`,
 * three numbers for each slice, from the oldest to the newest.
 */
export const SLIDING_WINDOW = `
local sliding_window = {}
local SLICES_PER_WINDOW = 8

function sliding_window.newcomer(id)
  return { id }
end

-- The state without what is a window old, as a copy, and the units in it.
local function live_at(state, now, limit)
  local live, used = { state[1] }, 0
  for at = 2, #state, 3 do
    if #live > 1 or state[at + 1] + limit.window > now then
      live[#live + 1], live[#live + 2], live[#live + 3] = state[at], state[at + 1], state[at + 2]
      used = used + state[at + 2]
    end
  end
  return live, used
end

-- Changes the copy that it is given.
local function add_units(live, now, limit, cost)
  local slice = math.ceil(limit.window / SLICES_PER_WINDOW)
  local last = #live
  local is_new = last == 1 or math.floor(live[last - 1] / slice) ~= math.floor(now / slice)
  if last == 1 or (is_new and (last - 1) / 3 <= SLICES_PER_WINDOW) then
    live[1] = next_id(live[1])
    live[last + 1], live[last + 2], live[last + 3] = live[1], now, cost
  else
    live[last - 1], live[last] = now, live[last] + cost
  end
end

local function ms_until_gone(live, units, now, limit)
  local gone = 0
  for at = 2, #live, 3 do
    gone = gone + live[at + 2]
    if gone >= units then return live[at + 1] + limit.window - now end
  end
  return limit.window
end

function sliding_window.charge(state, now, limit, cost)
  local live, used = live_at(state, now, limit)
  local allowed = used + cost <= limit.units
  local retry = allowed and 0 or ms_until_gone(live, used + cost - limit.units, now, limit)
  if allowed and cost > 0 then add_units(live, now, limit, cost) end
  return {
    allowed = allowed,
    remaining = math.max(0, limit.units - (allowed and used + cost or used)),
    reset = (live[3] or now) + limit.window - now,
    retry = retry,
    state = live,
  }
end

function sliding_window.rewind(state, now)
  local ahead = (state[#state - 1] or now) - now
  if #state == 1 or ahead <= 0 then return state end
  local rewound = { state[1] }
  for at = 2, #state, 3 do
    rewound[at], rewound[at + 1], rewound[at + 2] = state[at], state[at + 1] - ahead, state[at + 2]
  end
  return rewound
end

function sliding_window.receipt(state)
  return { state[#state - 2], 0, 0 }
end

function sliding_window.refund(state, taken, _, _, cost)
  local kept, is_there = { state[1] }, false
  for at = 2, #state, 3 do
    local id, units = state[at], state[at + 2]
    if id == taken[1] then
      is_there, units = true, units - cost
    end
    if units > 0 then
      kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = id, state[at + 1], units
    end
  end
  return is_there and kept or state
end
`
