/** Bans a client. KEYS: the client. ARGV: the time, or nothing; for how many milliseconds. */
export const BLOCK = `
local for_ms = tonumber(ARGV[2])
entry = entry or { 0, 0, false }
entry[3] = banned(now, for_ms)
entry[1] = math.max(entry[1], now + math.max(for_ms, entry[2]))
save(entry)
return 1
`

/** Ends a client's ban, and forgets its refusals. KEYS: the client. ARGV: the time, or nothing. */
export const UNBLOCK = `
if not entry then return 0 end
if #entry == 3 then
  redis.call('DEL', KEYS[1])
  return 1
end
entry[3] = false
entry[1] = now + entry[2]
save(entry)
return 1
`
