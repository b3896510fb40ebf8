-- The units of an open window, whatever its end depends on. A state is { end or start, used, window_id }.
-- Twin: src/limits/window-units.ts
-- Twin: src/stores/redis/scripts/single-window.lua

-- include: change-of-units

local function charge_window(state, limit, cost, reset_ms)
  local used = state[2]
  local allowed = used + cost <= limit.units
  if allowed then used = used + cost end
  return {
    allowed = allowed,
    remaining = math.max(0, limit.units - used),
    reset_ms = reset_ms,
    retry_ms = allowed and 0 or reset_ms,
    state = { state[1], used, state[3] },
  }
end

local function window_receipt_numbers(state)
  return { state[3], 0, 0 }
end

local function settle_window(state, record, is_over, limit, cost)
  local used, window_id, units = state[2], state[3], record[1]
  if is_over or window_id ~= record[2] then return state, record end
  local change = change_of_units(units, cost, limit.units + limit.max_debt - used)
  return { state[1], math.max(0, used + change), window_id }, { units + change, window_id }
end
