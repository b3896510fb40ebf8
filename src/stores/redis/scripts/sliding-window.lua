-- The arithmetic of a sliding window. A state is { last_id, id, last_ms, units, id, last_ms, units ... }:
-- three numbers for each slice, from the oldest to the newest.
-- Twin: src/limits/sliding-window.ts
-- Twin: src/limits/slices.ts

-- include: clock
-- include: next-id
-- include: change-of-units

local sliding_window = {}
local SLICES_PER_WINDOW = 8

function sliding_window.initial_state(id)
  return { id }
end

-- A copy of the state without the oldest slices that are a window old, and the units in the copy.
local function live_at_now(state, limit)
  local live, used = { state[1] }, 0
  for at = 2, #state, 3 do
    if #live > 1 or state[at + 1] + limit.window_ms > now_ms then
      live[#live + 1], live[#live + 2], live[#live + 3] = state[at], state[at + 1], state[at + 2]
      used = used + state[at + 2]
    end
  end
  return live, used
end

-- Changes the state that it receives.
local function add_units(live, limit, cost)
  local slice_ms = math.ceil(limit.window_ms / SLICES_PER_WINDOW)
  local last = #live
  local is_new = last == 1 or math.floor(live[last - 1] / slice_ms) ~= math.floor(now_ms / slice_ms)
  -- A window touches at most one slice more than SLICES_PER_WINDOW. A state has more if the clock was set
  -- back.
  if last == 1 or (is_new and (last - 1) / 3 <= SLICES_PER_WINDOW) then
    live[1] = next_id(live[1])
    live[last + 1], live[last + 2], live[last + 3] = live[1], now_ms, cost
  else
    live[last - 1], live[last] = now_ms, live[last] + cost
  end
end

local function ms_until_gone(live, units, limit)
  local gone = 0
  for at = 2, #live, 3 do
    gone = gone + live[at + 2]
    if gone >= units then return live[at + 1] + limit.window_ms - now_ms end
  end
  return limit.window_ms
end

function sliding_window.charge(state, limit, cost)
  local live, used = live_at_now(state, limit)
  local allowed = used + cost <= limit.units
  local retry_ms = allowed and 0 or ms_until_gone(live, used + cost - limit.units, limit)
  if allowed and cost > 0 then add_units(live, limit, cost) end
  return {
    allowed = allowed,
    remaining = math.max(0, limit.units - (allowed and used + cost or used)),
    reset_ms = used > limit.units and ms_until_gone(live, used - limit.units + 1, limit)
      or (live[3] or now_ms) + limit.window_ms - now_ms,
    retry_ms = retry_ms,
    state = live,
  }
end

function sliding_window.over_at_ms(state, window_ms)
  return #state > 1 and state[#state - 1] + window_ms or now_ms
end

function sliding_window.rewind(state)
  local ahead_ms = (state[#state - 1] or now_ms) - now_ms
  if #state == 1 or ahead_ms <= 0 then return state end
  local rewound = { state[1] }
  for at = 2, #state, 3 do
    rewound[at], rewound[at + 1], rewound[at + 2] = state[at], state[at + 1] - ahead_ms, state[at + 2]
  end
  return rewound
end

function sliding_window.receipt_numbers(state)
  return { state[#state - 2], 0, 0 }
end

-- A record is the units of a charge, the id of its slice, and for each further slice in which units were
-- taken the id and these units.
local function take_more(live, record, limit, added)
  add_units(live, limit, added)
  local id, last = live[#live - 2], #record
  record[1] = record[1] + added
  if last > 2 and record[last - 1] == id then
    record[last] = record[last] + added
  elseif last > 2 or record[2] ~= id then
    record[last + 1], record[last + 2] = id, added
  end
end

-- Gives back units of a charge: first those that were taken last. Returns the state without them.
local function give_back(live, record, removed)
  local removed_by_id, left = {}, removed
  record[1] = record[1] - removed
  while #record > 2 and left > 0 do
    local last = #record
    local given = math.min(record[last], left)
    removed_by_id[record[last - 1]] = given
    left = left - given
    record[last] = record[last] - given
    if record[last] == 0 then record[last], record[last - 1] = nil, nil end
  end
  if left > 0 then removed_by_id[record[2]] = left end
  local kept = { live[1] }
  for at = 2, #live, 3 do
    local units = live[at + 2] - (removed_by_id[live[at]] or 0)
    if units > 0 then
      kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = live[at], live[at + 1], units
    end
  end
  return kept
end

-- Changes the record that it receives.
function sliding_window.settle(state, record, limit, cost)
  local live, used = live_at_now(state, limit)
  local is_found = false
  for at = 2, #live, 3 do
    is_found = is_found or live[at] == record[2]
  end
  if not is_found then return state, record end
  local change = change_of_units(record[1], cost, limit.units + limit.max_debt - used)
  if change <= 0 then return give_back(live, record, -change), record end
  take_more(live, record, limit, change)
  return live, record
end
