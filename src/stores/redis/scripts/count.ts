/**
 * What most charges come to: one fixed window, nothing else known of the client, and a clock that goes on. Decided
 * here, before all the rest is so much as defined: to define it takes Redis longer than this. It says the same as
 * the rest would.
 *
 * ARGV[6] to [9], where a charge is so simple: the name of its limit, units, window and time to live.
 */
export const COUNT = `
local name = ARGV[6]
if name then
  local state = entry and entry[6]
  local is_plain = not entry
    or (entry[3] == false and entry[7] == nil and entry[4] == name and entry[5] == 'fixed-window' and state[1] <= now)
  if is_plain then
    local cost, units, window, ttl = tonumber(ARGV[3]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
    local start, used, id = now, 0, tonumber(ARGV[4])
    if state then start, used, id = state[1], state[2], state[3] end
    if used == 0 or now >= start + window then
      start, used, id = now, 0, (id + 1) % 4294967296
    end
    local reset = start + window - now
    if used + cost > units then
      return { 0, reset, 0, -1, 0, math.max(0, units - used), reset }
    end
    used = used + cost
    local expires = now + ttl
    if entry and entry[1] > expires then expires = entry[1] end
    save({ expires, ttl, false, name, 'fixed-window', { start, used, id } })
    local left = units - used
    return { 1, 0, left < cost and reset or 0, -1, 0, left, reset, id, 0, 0 }
  end
end
`
