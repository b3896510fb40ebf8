-- The arithmetic of a token bucket. A state is { full_at_ms, full_at_parts, fill_id, units }: the units
-- are those of the limit that it was written with. A new client's state has none.
-- Twin: src/limits/token-bucket.ts
--
-- The remainder is taken with `math.fmod`, which is exact, as the remainder of JavaScript is. Lua computes
-- `%` with a division, which rounds.

-- include: clock
-- include: next-id

local token_bucket = {}

function token_bucket.initial_state(id)
  return { -math.huge, 0, id }
end

local function debt_of(state, limit)
  if state[1] < now_ms then return 0 end
  return (state[1] - now_ms) * limit.units + math.min(state[2], limit.units)
end

local function bucket(debt, limit, fill_id)
  return { now_ms + math.floor(debt / limit.units), math.fmod(debt, limit.units), fill_id, limit.units }
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
  return state[2] > 0 and state[1] + 1 or state[1]
end

-- A unit is `window_ms` parts, whatever the rate. So the parts that are missing stay the same.
local function with_limit(state, limit)
  if state[4] == nil or state[4] == limit.units then return state end
  local debt = debt_of(state, { units = state[4] })
  -- Its time counts again if the clock is set back, and parts of another size do not.
  if debt == 0 then return { state[1], 0, state[3], limit.units } end
  return bucket(math.min(debt, limit.burst * limit.window_ms), limit, state[3])
end

function token_bucket.rewind(state, limit)
  state = with_limit(state, limit)
  local capacity = limit.burst * limit.window_ms
  if debt_of(state, limit) <= capacity then return state end
  return bucket(capacity, limit, state[3])
end

function token_bucket.receipt_numbers(state)
  return { state[1], state[2], state[3] }
end

-- `receipt` is the state that the charge left.
function token_bucket.refund(state, receipt, limit, cost)
  if receipt[3] ~= state[3] then return state end
  local given = math.min(cost * limit.window_ms, debt_of(receipt, limit))
  if given == 0 then return state end
  return bucket(math.max(0, debt_of(state, limit) - given), limit, state[3])
end
