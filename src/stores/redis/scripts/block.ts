/** Bans a client. KEYS: the client. ARGV: for how many milliseconds; the time, in tests. */
export const BLOCK = `
local for_ms = tonumber(ARGV[1])
local now = now_in_ms(ARGV[2])
local entry = load_entry(now) or { 0, 0, false }
entry[3] = banned(now, for_ms)
entry[1] = math.max(entry[1], now + math.max(for_ms, entry[2]))
save_entry(entry, now, ARGV[2] ~= nil)
return 1
`

/** Ends a client's ban, and forgets its refusals. KEYS: the client. ARGV: the time, in tests. */
export const UNBLOCK = `
local now = now_in_ms(ARGV[1])
local entry = load_entry(now)
if not entry then return 0 end
if #entry == 3 then
  redis.call('DEL', KEYS[1])
  return 1
end
entry[3] = false
entry[1] = now + entry[2]
save_entry(entry, now, ARGV[1] ~= nil)
return 1
`
