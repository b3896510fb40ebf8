-- The arithmetic of a fixed window. A state is { start_ms, used, window_id }.
-- Twin: src/limits/fixed-window.ts
-- Twin: src/stores/redis/scripts/single-window.lua

-- include: clock
-- include: next-id
-- include: change-of-units

local fixed_window = {}

function fixed_window.initial_state(id)
  return { 0, 0, id }
end

function fixed_window.charge(state, limit, cost)
  local start_ms, used, window_id = state[1], state[2], state[3]
  if used == 0 or now_ms >= start_ms + limit.window_ms then
    start_ms, used, window_id = now_ms, 0, next_id(window_id)
  end
  local reset_ms = start_ms + limit.window_ms - now_ms
  local allowed = used + cost <= limit.units
  if allowed then used = used + cost end
  return {
    allowed = allowed,
    remaining = math.max(0, limit.units - used),
    reset_ms = reset_ms,
    retry_ms = allowed and 0 or reset_ms,
    state = { start_ms, used, window_id },
  }
end

function fixed_window.over_at_ms(state, window_ms)
  return state[2] > 0 and state[1] + window_ms or now_ms
end

function fixed_window.rewind(state)
  if now_ms >= state[1] then return state end
  return { now_ms, state[2], state[3] }
end

function fixed_window.receipt_numbers(state)
  return { state[3], 0, 0 }
end

function fixed_window.settle(state, record, limit, cost)
  local start_ms, used, window_id = state[1], state[2], state[3]
  if window_id ~= record[2] or now_ms >= start_ms + limit.window_ms then return state, record end
  local units = record[1]
  local change = change_of_units(units, cost, limit.units + limit.max_debt - used)
  return { start_ms, math.max(0, used + change), window_id }, { units + change, window_id }
end
