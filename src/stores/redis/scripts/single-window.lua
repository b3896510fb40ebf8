-- Decides the most frequent charge, with less work than the rest of the script. It is a charge on one fixed
-- window without a ban rule, of a client of whom nothing else is known, on a clock that was not set back. In
-- every other case this part does nothing, and the rest decides: also where the client has a counter of
-- another limit.
--
-- It is a part of the loop in batch.lua and no function: to make a function takes time in each call. It reads
-- `own_form`, `new_id`, `key` and `stored` of the loop. Where it decides, it sets `is_answered` and adds to
-- `answers`. Nothing protects it, so it catches the errors of commands itself.
--
-- Twin: src/limits/fixed-window.ts
-- Twin: src/stores/redis/operation-form.ts
-- Twin: src/stores/redis/reply.ts
-- Twin: src/stores/redis/scripts/fixed-window.lua
-- Twin: src/stores/redis/scripts/window-units.lua
--
-- Form: [cost, units, window_ms, the time to live in milliseconds as a text, name].
--
-- Answer, three integers: remaining, reset_ms, then window_id if the charge is taken, or -1 if it is refused.
-- `reply.ts` adds the numbers that follow from these.

-- include: clock
-- include: stored-client

local cost, units, window_ms, ttl, name = unpack(own_form)
-- `start_ms` stays nil if this part does not decide.
local start_ms, used, window_id, stored_until_ms
if not stored then
  start_ms, used, window_id, stored_until_ms = now_ms, 0, new_id, 0
elseif #stored >= NAME_STARTS_AT then
  local mark, expires_at_ms, _, stored_start_ms, stored_used, stored_window_ms, stored_id =
    read_struct(SINGLE_WINDOW_NUMBERS, stored)
  if mark == SINGLE_WINDOW_MARK then
    if expires_at_ms <= now_ms then
      start_ms, used, window_id, stored_until_ms = now_ms, 0, new_id, 0
    elseif stored_window_ms == window_ms
      and stored_start_ms <= now_ms
      and substring(stored, NAME_STARTS_AT, -2) == name
    then
      start_ms, used, window_id, stored_until_ms = stored_start_ms, stored_used, stored_id, expires_at_ms
    end
  end
end
if start_ms then
  is_answered = true
  local is_open = used > 0 and now_ms < start_ms + window_ms
  if not is_open then
    start_ms, used, window_id = now_ms, 0, (window_id + 1) % 4294967296
  end
  local end_ms = start_ms + window_ms
  local written
  if used + cost > units then
    window_id = -1
  elseif is_open and stored_until_ms >= end_ms then
    -- The value stays until its window is over, and only the units change. To write the whole value and its
    -- time to live takes three times as long.
    used = used + cost
    written = run_command('SETRANGE', key, USED_OFFSET, write_struct(USED_NUMBER, used))
  else
    used = used + cost
    -- Where the time to live is the one that was received, its text is passed on. Redis takes longer for a
    -- number.
    local ttl_ms, expires_in_ms = tonumber(ttl), ttl
    local expires_at_ms = now_ms + ttl_ms
    if is_test or stored_until_ms > expires_at_ms then
      expires_at_ms = math.max(stored_until_ms, expires_at_ms)
      expires_in_ms = is_test and math.max(expires_at_ms - now_ms, 3600000) or expires_at_ms - now_ms
    end
    local window = write_struct(
      SINGLE_WINDOW_FORMAT,
      SINGLE_WINDOW_MARK, expires_at_ms, ttl_ms, start_ms, used, window_ms, window_id, name
    )
    written = run_command('PSETEX', key, expires_in_ms, window)
  end
  if type(written) == 'table' and written.err then
    answers[#answers + 1] = written.err
  else
    local last = #answers
    answers[last + 1], answers[last + 2] = math.max(0, units - used), end_ms - now_ms
    answers[last + 3] = window_id
  end
end
