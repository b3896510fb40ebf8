/**
 * The twin of `src/limits/token-bucket.ts`. A state is `{ fullAtMs, fullAtParts, fillId }`.
 *
 * Lua's `%` divides, which rounds; `math.fmod` is exact, as the remainder of JavaScript is.
 */
export const TOKEN_BUCKET = `
local token_bucket = {}

function token_bucket.newcomer(id)
  return { -math.huge, 0, id }
end

local function debt_of(state, now, limit)
  if state[1] < now then return 0 end
  return (state[1] - now) * limit.units + math.min(state[2], limit.units)
end

local function bucket(debt, now, limit, id)
  return { now + math.floor(debt / limit.units), math.fmod(debt, limit.units), id }
end

function token_bucket.charge(state, now, limit, cost)
  local window, units = limit.window, limit.units
  local debt = debt_of(state, now, limit)
  local capacity = limit.burst * window
  local asked = debt + cost * window
  local allowed = asked <= capacity
  local kept = allowed and asked or debt
  local remaining = math.max(0, math.floor((capacity - kept) / window))
  local reset
  if allowed and remaining > 0 then
    reset = math.ceil((remaining * window) / units)
  else
    reset = math.ceil((kept + (remaining + 1) * window - capacity) / units)
  end
  local id = debt == 0 and next_id(state[3]) or state[3]
  return {
    allowed = allowed,
    remaining = remaining,
    reset = reset,
    retry = allowed and 0 or math.ceil((asked - capacity) / units),
    state = bucket(kept, now, limit, id),
  }
end

function token_bucket.rewind(state, now, limit)
  local capacity = limit.burst * limit.window
  if debt_of(state, now, limit) <= capacity then return state end
  return bucket(capacity, now, limit, state[3])
end

function token_bucket.receipt(state)
  return { state[1], state[2], state[3] }
end

function token_bucket.refund(state, taken, now, limit, cost)
  if taken[3] ~= state[3] then return state end
  local given = math.min(cost * limit.window, debt_of(taken, now, limit))
  if given == 0 then return state end
  return bucket(math.max(0, debt_of(state, now, limit) - given), now, limit, state[3])
end
`
