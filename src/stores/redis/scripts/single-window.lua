-- Decides the most frequent charge before the rest of the script is defined, because to define the rest takes
-- Redis longer than to decide this charge. It is a charge on one fixed window without a ban rule, of a client
-- of whom nothing else is known, on a clock that was not set back. In every other case this part does
-- nothing, and the rest decides: also where the client has a counter of another limit.
--
-- Twin: src/limits/fixed-window.ts
-- Twin: src/stores/redis/charge-spec.ts
-- Twin: src/stores/redis/reply.ts
-- Twin: src/stores/redis/scripts/fixed-window.lua
--
-- KEYS[1]: the key of the client.
-- ARGV[2]: the cost in units.
-- ARGV[3]: the id from which the ids of a new client start.
-- ARGV[4] to ARGV[7], only of such a charge: name of the limit, units, window in milliseconds, time to live
-- in milliseconds.
--
-- Answer if the charge is taken: { remaining, reset_ms, window_id }.
-- Answer if it is refused: { remaining, reset_ms }.
-- `expandSingleWindowReply` in `reply.ts` adds the numbers that follow from these.

-- include: clock
-- include: stored-client

local args = ARGV
local ttl_text = args[7]
if ttl_text then
  local start_ms, used, window_id, stored_until_ms = now_ms, 0, tonumber(args[3]), 0
  local name, window_ms = args[4], tonumber(args[6])
  local is_decided_here = not stored
  if stored and #stored >= NAME_STARTS_AT then
    local mark, expires_at_ms, _, stored_start_ms, stored_used, stored_window_ms, stored_id =
      struct.unpack(SINGLE_WINDOW_NUMBERS, stored)
    if mark == SINGLE_WINDOW_MARK and expires_at_ms <= now_ms then
      is_decided_here = true
    elseif mark == SINGLE_WINDOW_MARK
      and stored_window_ms == window_ms
      and stored_start_ms <= now_ms
      and string.sub(stored, NAME_STARTS_AT, -2) == name
    then
      is_decided_here = true
      start_ms, used, window_id, stored_until_ms = stored_start_ms, stored_used, stored_id, expires_at_ms
    end
  end
  if is_decided_here then
    local cost, units, ttl_ms = tonumber(args[2]), tonumber(args[5]), tonumber(ttl_text)
    if used == 0 or now_ms >= start_ms + window_ms then
      start_ms, used, window_id = now_ms, 0, (window_id + 1) % 4294967296
    end
    local reset_ms = start_ms + window_ms - now_ms
    if used + cost > units then
      return { math.max(0, units - used), reset_ms }
    end
    used = used + cost
    -- Where the time to live is the one that was received, its text is passed on. Redis takes longer for a
    -- number.
    local expires_at_ms, expires_in_ms = now_ms + ttl_ms, ttl_text
    if is_test or stored_until_ms > expires_at_ms then
      expires_at_ms = math.max(stored_until_ms, expires_at_ms)
      expires_in_ms = is_test and math.max(expires_at_ms - now_ms, 3600000) or expires_at_ms - now_ms
    end
    local window = struct.pack(
      SINGLE_WINDOW_FORMAT,
      SINGLE_WINDOW_MARK, expires_at_ms, ttl_ms, start_ms, used, window_ms, window_id, name
    )
    call('PSETEX', KEYS[1], expires_in_ms, window)
    return { units - used, reset_ms, window_id }
  end
end
