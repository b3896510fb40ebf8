-- The arithmetic of a fixed window. A state is { start_ms, used, window_id }.
-- Twin: src/limits/fixed-window.ts
-- Twin: src/stores/redis/scripts/single-window.lua

-- include: clock
-- include: next-id
-- include: window-units

local fixed_window = {}

function fixed_window.initial_state(id)
  return { 0, 0, id }
end

function fixed_window.charge(state, limit, cost)
  local start_ms, used, window_id = state[1], state[2], state[3]
  if used == 0 or now_ms >= start_ms + limit.window_ms then
    start_ms, used, window_id = now_ms, 0, next_id(window_id)
  end
  return charge_window({ start_ms, used, window_id }, limit, cost, start_ms + limit.window_ms - now_ms)
end

function fixed_window.over_at_ms(state, window_ms)
  return state[2] > 0 and state[1] + window_ms or now_ms
end

function fixed_window.rewind(state)
  if now_ms >= state[1] then return state end
  return { now_ms, state[2], state[3] }
end

fixed_window.receipt_numbers = window_receipt_numbers

function fixed_window.settle(state, record, limit, cost)
  return settle_window(state, record, now_ms >= state[1] + limit.window_ms, limit, cost)
end
