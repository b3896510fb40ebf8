-- Decides the most frequent charge, with less work than the rest of the script. It is a charge on one fixed
-- window without a ban rule, of a client of whom nothing else is known, on a clock that was not set back. In
-- every other case this part does nothing, and the rest decides: also where the client has a counter of
-- another limit.
--
-- Twin: src/limits/fixed-window.ts
-- Twin: src/stores/redis/reply.ts
-- Twin: src/stores/redis/scripts/fixed-window.lua
-- Twin: src/stores/redis/scripts/window-units.lua
--
-- Form: as in decide.lua, and `ttl`: the time to live in milliseconds, as a text.
--
-- Answer if the charge is taken: { remaining, reset_ms, window_id }.
-- Answer if it is refused: { remaining, reset_ms }. Nothing if this part does not decide.
-- `reply.ts` adds the numbers that follow from these.

-- include: clock
-- include: stored-client

local function charge_single_window(form, first_id)
  local limit, cost = form.limits[1], form.cost
  local name, units, window_ms, ttl_ms = limit[1], limit[3], limit[4], limit[6]
  local start_ms, used, window_id, stored_until_ms = now_ms, 0, first_id, 0
  if stored then
    if #stored < NAME_STARTS_AT then return end
    local mark, expires_at_ms, _, stored_start_ms, stored_used, stored_window_ms, stored_id =
      struct.unpack(SINGLE_WINDOW_NUMBERS, stored)
    if mark ~= SINGLE_WINDOW_MARK then return end
    if expires_at_ms > now_ms then
      if stored_window_ms ~= window_ms
        or stored_start_ms > now_ms
        or string.sub(stored, NAME_STARTS_AT, -2) ~= name
      then
        return
      end
      start_ms, used, window_id, stored_until_ms = stored_start_ms, stored_used, stored_id, expires_at_ms
    end
  end
  if used == 0 or now_ms >= start_ms + window_ms then
    start_ms, used, window_id = now_ms, 0, (window_id + 1) % 4294967296
  end
  local reset_ms = start_ms + window_ms - now_ms
  if used + cost > units then return { math.max(0, units - used), reset_ms } end
  used = used + cost
  -- Where the time to live is the one that was received, its text is passed on. Redis takes longer for a
  -- number.
  local expires_at_ms, expires_in_ms = now_ms + ttl_ms, form.ttl
  if is_test or stored_until_ms > expires_at_ms then
    expires_at_ms = math.max(stored_until_ms, expires_at_ms)
    expires_in_ms = is_test and math.max(expires_at_ms - now_ms, 3600000) or expires_at_ms - now_ms
  end
  local window = struct.pack(
    SINGLE_WINDOW_FORMAT,
    SINGLE_WINDOW_MARK, expires_at_ms, ttl_ms, start_ms, used, window_ms, window_id, name
  )
  call('PSETEX', key, expires_in_ms, window)
  return { units - used, reset_ms, window_id }
end
