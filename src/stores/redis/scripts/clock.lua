-- The time of a script. It hides where the time comes from: from the Redis server, so that all processes
-- count by one clock, or from a test.
--
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.

local call = redis.call
local now_ms = tonumber(ARGV[1])
local is_test = now_ms ~= nil
if not is_test then
  local time = call('TIME')
  now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
end
