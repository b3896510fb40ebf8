/**
 * What every script begins with: the time, and what is kept of the client. ARGV[1] is the time in tests, and empty
 * where it is the server's.
 *
 * A client is kept under one key, in MessagePack: `{ expiresAtMs, ttlMs, ban or false, name, algorithm, state ... }`,
 * three members for each limit that was charged last. It is read with one command and written with one.
 */
export const HEAD = `
local is_test = ARGV[1] ~= ''
local now
if is_test then
  now = tonumber(ARGV[1])
else
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local kept = redis.call('GET', KEYS[1])
local entry = kept and cmsgpack.unpack(kept) or nil
-- Redis forgets it by itself; on a clock of a test this is how it is forgotten.
if entry and entry[1] <= now then entry = nil end

local function save(changed)
  local ttl = math.max(1, changed[1] - now)
  -- The time to live runs on the clock of the server, whatever the test's says.
  if is_test then ttl = math.max(ttl, 3600000) end
  redis.call('PSETEX', KEYS[1], ttl, cmsgpack.pack(changed))
end
`
