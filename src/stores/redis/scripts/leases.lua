-- Takes, keeps, releases and counts the leases of one client. A sorted set has the id of each lease, with the
-- time at which it expires as its score. All times are of the server.
--
-- It is no operation of batch.lua: its data are a sorted set, and not what batch.lua stores of a client.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: 'take', 'release' or 'count'.
-- ARGV[2]: how many leases may live at once.
-- ARGV[3]: how long a lease lives, in milliseconds.
-- ARGV[4] and on: the ids of leases.
--
-- 'take' renews a lease that lives, and takes one that does not where there is room.
-- Answer: { how many of the ids have a lease, how many leases live }.

local key, verb = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)

if verb == 'count' then
  return { 0, redis.call('ZCOUNT', key, string.format('(%.0f', now_ms), '+inf') }
end

redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now_ms))
local live = redis.call('ZCARD', key)
local limit, lease_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local held = 0

for index = 4, #ARGV do
  local id = ARGV[index]
  if verb == 'release' then
    live = live - redis.call('ZREM', key, id)
  else
    local is_live = redis.call('ZSCORE', key, id)
    if is_live or live < limit then
      redis.call('ZADD', key, string.format('%.0f', now_ms + lease_ms), id)
      held = held + 1
      if not is_live then live = live + 1 end
    end
  end
end

-- Another process may have leases of another length.
if held > 0 and redis.call('PTTL', key) < lease_ms then redis.call('PEXPIRE', key, lease_ms) end
return { held, live }
