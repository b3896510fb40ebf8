-- The arithmetic of a calendar window. A state is { end_sec, used, window_id }.
-- Twin: src/limits/calendar-window.ts
-- Twin: src/stores/redis/window-edges.ts

-- include: clock
-- include: next-id
-- include: window-units

local calendar_window = {}
-- `SMALL_SET_BACK_MS` of `src/limits/calendar-window.ts`.
local SMALL_SET_BACK_MS = 60000

function calendar_window.initial_state(id)
  return { 0, 0, id }
end

-- When the window ends that is open now. `limit.edges` has the start of the first window that the process
-- knows, then for each run of windows their length and how many they are. All are in seconds.
local function window_end_sec(limit)
  local edges, now_sec = limit.edges, math.floor(now_ms / 1000)
  local start_sec = edges[1]
  if now_sec >= start_sec then
    for at = 2, #edges, 2 do
      local length_sec = edges[at]
      local end_sec = start_sec + edges[at + 1] * length_sec
      if now_sec < end_sec then
        return start_sec + (math.floor((now_sec - start_sec) / length_sec) + 1) * length_sec
      end
      start_sec = end_sec
    end
  end
  local problem = 'ERR the clocks of Redis and of this process are more than a day apart, so the window of '
  error({ err = problem .. limit.window_ms .. ' is not known: set both clocks by a time server' })
end

function calendar_window.charge(state, limit, cost)
  local end_sec, used, window_id = state[1], state[2], state[3]
  if used == 0 or now_ms >= end_sec * 1000 then
    end_sec, used, window_id = window_end_sec(limit), 0, next_id(window_id)
  end
  return charge_window({ end_sec, used, window_id }, limit, cost, end_sec * 1000 - now_ms)
end

function calendar_window.over_at_ms(state)
  return state[2] > 0 and state[1] * 1000 or now_ms
end

function calendar_window.rewind(state, limit)
  if state[1] * 1000 - now_ms <= limit.longest_ms + SMALL_SET_BACK_MS then return state end
  return { window_end_sec(limit), state[2], state[3] }
end

calendar_window.receipt_numbers = window_receipt_numbers

function calendar_window.settle(state, record, limit, cost)
  return settle_window(state, record, now_ms >= state[1] * 1000, limit, cost)
end
