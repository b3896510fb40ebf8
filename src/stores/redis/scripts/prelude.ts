/** What every script begins with: the time, and what a charge says of its limits. */
export const PRELUDE = `
local function next_id(id)
  return (id + 1) % 4294967296
end

-- Milliseconds: of the server, or of the clock of a test.
local function now_in_ms(given)
  if given then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Written in JSON as [[name, algorithm, units, window, burst, ttl] ...].
local function limits_of(listed)
  local limits = {}
  for index, one in ipairs(listed) do
    limits[index] = {
      name = one[1],
      algorithm = one[2],
      units = one[3],
      window = one[4],
      burst = one[5],
      ttl = one[6],
    }
  end
  return limits
end
`
