/** What the algorithms share, and what a charge says of its limits. */
export const PRELUDE = `
local function next_id(id)
  return (id + 1) % 4294967296
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
