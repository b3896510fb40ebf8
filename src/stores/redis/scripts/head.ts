/**
 * What every script begins with: the time, and what Redis keeps of the client. ARGV[1] is the time in tests, and empty
 * where it is the server's.
 *
 * A client is kept under one key, which is read with one command and written with one. How it is written: `kept.ts`.
 */
export const HEAD = `
local call = redis.call
local now = tonumber(ARGV[1])
local is_test = now ~= nil
if not is_test then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local kept = call('GET', KEYS[1])
`
