-- The arithmetic of a token bucket. A state is { full_at_ms, full_at_parts, fill_id, units }: the units
-- are those of the limit that it was written with. A new client's state has none.
-- Twin: src/limits/token-bucket.ts
--
-- The remainder is taken with `math.fmod`, which is exact, as the remainder of JavaScript is. Lua computes
-- `%` with a division, which rounds.

-- include: clock
-- include: next-id
-- include: change-of-units

local token_bucket = {}

function token_bucket.initial_state(id)
  return { -math.huge, 0, id }
end

-- The parts that the second number of a state stands for.
local function parts_of(full_at_parts)
  return full_at_parts < 0 and -1 - full_at_parts or full_at_parts
end

local function debt_of(state, limit)
  if state[1] < now_ms then return 0 end
  return (state[1] - now_ms) * limit.units + math.min(parts_of(state[2]), limit.units)
end

-- The most parts that can be missing from a bucket: if it owes units, more than it has.
local function largest_debt_of(state, limit)
  local owed = state[2] < 0 and limit.max_debt or 0
  return (limit.burst + owed) * limit.window_ms
end

local function bucket(debt, limit, fill_id)
  local parts = math.fmod(debt, limit.units)
  if debt > limit.burst * limit.window_ms then parts = -1 - parts end
  return { now_ms + math.floor(debt / limit.units), parts, fill_id, limit.units }
end

function token_bucket.charge(state, limit, cost)
  local window_ms, units = limit.window_ms, limit.units
  local debt = debt_of(state, limit)
  local capacity = limit.burst * window_ms
  local asked = debt + cost * window_ms
  local allowed = asked <= capacity
  local debt_kept = allowed and asked or debt
  local remaining = math.max(0, math.floor((capacity - debt_kept) / window_ms))
  local reset_ms
  if allowed and remaining > 0 then
    reset_ms = math.ceil((remaining * window_ms) / units)
  else
    reset_ms = math.ceil((debt_kept + (remaining + 1) * window_ms - capacity) / units)
  end
  local fill_id = debt == 0 and next_id(state[3]) or state[3]
  return {
    allowed = allowed,
    remaining = remaining,
    reset_ms = reset_ms,
    retry_ms = allowed and 0 or math.ceil((asked - capacity) / units),
    state = bucket(debt_kept, limit, fill_id),
  }
end

function token_bucket.over_at_ms(state)
  return parts_of(state[2]) > 0 and state[1] + 1 or state[1]
end

-- A unit is `window_ms` parts, whatever the rate. So the parts that are missing stay the same.
local function with_limit(state, limit)
  if state[4] == nil or state[4] == limit.units then return state end
  local debt = debt_of(state, { units = state[4] })
  -- Its time counts again if the clock is set back, and parts of another size do not.
  if debt == 0 then return { state[1], 0, state[3], limit.units } end
  return bucket(math.min(debt, largest_debt_of(state, limit)), limit, state[3])
end

function token_bucket.rewind(state, limit)
  state = with_limit(state, limit)
  local largest_debt = largest_debt_of(state, limit)
  if debt_of(state, limit) <= largest_debt then return state end
  return bucket(largest_debt, limit, state[3])
end

function token_bucket.receipt_numbers(state, limit)
  return { now_ms, debt_of(state, limit), state[3] }
end

-- How often a bucket can have been full since a charge for which more is taken.
local MOST_FILLS = 65536

function token_bucket.settle(state, record, limit, cost)
  local units, at_ms, charged_debt, charged_id = record[1], record[2], record[3], record[4]
  local window_ms, burst, fill_id = limit.window_ms, limit.burst, state[3]
  local came_back = math.max(0, now_ms - at_ms) * limit.units
  local fills = (fill_id - charged_id) % 4294967296
  if came_back >= burst * window_ms or fills > math.min(burst, MOST_FILLS) then return state, record end
  local debt = debt_of(state, limit)
  local outstanding = fills == 0 and math.max(0, charged_debt - came_back) or 0
  local room = math.floor(((burst + limit.max_debt) * window_ms - debt) / window_ms)
  local change = change_of_units(units, cost, room)
  local parts = math.max(change * window_ms, -outstanding)
  if debt == 0 and parts > 0 then fill_id = next_id(fill_id) end
  local settled = parts == 0 and state or bucket(math.max(0, debt + parts), limit, fill_id)
  return settled, { units + change, at_ms, outstanding + parts + came_back, fill_id }
end
