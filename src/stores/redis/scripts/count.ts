import { ONE_WINDOW, ONE_WINDOW_MARK } from './kept.ts'

/**
 * What most charges come to: one fixed window, nothing else known of the client, and a clock that goes on. Decided
 * here, before all the rest is so much as defined: to define it takes Redis longer than this. It says the same as
 * the rest would, in fewer words: `{ remaining, reset, window id }`, and of a refusal the first two.
 *
 * ARGV[4] to [7], where a charge is so simple: the name of its limit, units, window and time to live.
 */
export const COUNT: string = `
local ttl_text = ARGV[7]
if ttl_text then
  local start, used, id, kept_until = now, 0, tonumber(ARGV[3]), 0
  local is_plain = not kept
  if kept and string.byte(kept) == ${ONE_WINDOW_MARK} then
    local _, last, _, since, units, window_id, name = struct.unpack('${ONE_WINDOW}', kept)
    if last <= now then
      is_plain = true
    elseif name == ARGV[4] and since <= now then
      is_plain, start, used, id, kept_until = true, since, units, window_id, last
    end
  end
  if is_plain then
    local cost, units, window, ttl = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ttl_text)
    if used == 0 or now >= start + window then
      start, used, id = now, 0, (id + 1) % 4294967296
    end
    local reset = start + window - now
    if used + cost > units then
      return { math.max(0, units - used), reset }
    end
    used = used + cost
    -- The text as it came, where that is what it is: Redis takes longer to write a number.
    local expires, lasts = now + ttl, ttl_text
    if is_test or kept_until > expires then
      expires = math.max(kept_until, expires)
      lasts = is_test and math.max(expires - now, 3600000) or expires - now
    end
    call('PSETEX', KEYS[1], lasts, struct.pack('${ONE_WINDOW}', ${ONE_WINDOW_MARK}, expires, ttl, start, used, id, ARGV[4]))
    return { units - used, reset, id }
  end
end
`
