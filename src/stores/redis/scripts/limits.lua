-- The limits of a charge, their algorithms by name, and the change of an entry after the clock was set back.
--
-- Twin: src/stores/memory/client-entry.ts

-- include: storage
-- include: fixed-window
-- include: sliding-window
-- include: token-bucket
-- include: calendar-window
-- include: ban

-- Each algorithm has these functions, and each takes the time from clock.lua:
-- - initial_state(id): the state of a new client.
-- - charge(state, limit, cost): { allowed, remaining, reset_ms, retry_ms, state }, by name.
-- - over_at_ms(state, window_ms): when the state counts no more. Then it can be forgotten.
-- - rewind(state, limit): the state on a clock that was set back, or after a charge on a limit with other
--   units. The same table if nothing has changed.
-- - receipt_numbers(state, limit): three numbers that `settle` needs of the state that a charge left.
-- - settle(state, record, limit, cost): the state and the record after the charge was settled to this cost.
--   Both may be changed. A record is the units of the charge, then its receipt numbers.
local algorithms = {
  ['fixed-window'] = fixed_window,
  ['sliding-window'] = sliding_window,
  ['token-bucket'] = token_bucket,
  ['calendar-window'] = calendar_window,
}

-- The limits of a form, by name: there they are
-- { name, algorithm, units, window_ms, burst, ttl_ms, max_debt }. A form keeps them for its next operation.
-- A calendar window has a text as `window_ms`, which names its calendar, and { ..., longest_ms, edges }: its
-- longest length, and what calendar-window.lua needs to find the window that is open.
local function limits_of(form)
  if form.named_limits then return form.named_limits end
  local limits = {}
  for index, one in ipairs(form.limits) do
    limits[index] = {
      name = one[1],
      algorithm = one[2],
      units = one[3],
      window_ms = one[4],
      burst = one[5],
      ttl_ms = one[6],
      max_debt = one[7],
      longest_ms = one[8],
      edges = one[9],
    }
  end
  form.named_limits = limits
  return limits
end

-- The index of the limit that has the counter at this place of the entry. Nil if none of the limits has it.
local function limit_index(at, limits)
  local name, algorithm, window_ms = entry[at], entry[at + 1], entry[at + 2]
  for index = 1, #limits do
    local limit = limits[index]
    local is_same = limit.name == name and limit.algorithm == algorithm and limit.window_ms == window_ms
    if is_same then return index end
  end
end

-- Changes the entry if the clock was set back or a ban is over. Returns the states of the limits, by their
-- index, then whether the entry has changed, then the places of the counters of other limits, if there are
-- any.
local function states_now(limits)
  local states, is_changed, others = {}, false, nil
  local ban = bans.at_now(entry[3])
  if ban ~= entry[3] then
    entry[3], is_changed = ban, true
  end
  for at = 4, #entry, 4 do
    local index, state = limit_index(at, limits), entry[at + 3]
    if index then
      states[index] = algorithms[entry[at + 1]].rewind(state, limits[index])
      if states[index] ~= state then
        entry[at + 3], is_changed = states[index], true
      end
    else
      others = others or {}
      others[#others + 1] = at
    end
  end
  return states, is_changed, others
end
