/** The twin of `src/limits/fixed-window.ts`. A state is `{ startMs, used, windowId }`. */
export const FIXED_WINDOW = `
local fixed_window = {}

function fixed_window.newcomer(id)
  return { 0, 0, id }
end

function fixed_window.charge(state, now, limit, cost)
  local start, used, id = state[1], state[2], state[3]
  if used == 0 or now >= start + limit.window then
    start, used, id = now, 0, next_id(id)
  end
  local reset = start + limit.window - now
  local allowed = used + cost <= limit.units
  if allowed then used = used + cost end
  return {
    allowed = allowed,
    remaining = math.max(0, limit.units - used),
    reset = reset,
    retry = allowed and 0 or reset,
    state = { start, used, id },
  }
end

function fixed_window.rewind(state, now)
  if now >= state[1] then return state end
  return { now, state[2], state[3] }
end

function fixed_window.receipt(state)
  return { state[3], 0, 0 }
end

function fixed_window.refund(state, taken, _, _, cost)
  if state[3] ~= taken[1] then return state end
  return { state[1], math.max(0, state[2] - cost), state[3] }
end
`
