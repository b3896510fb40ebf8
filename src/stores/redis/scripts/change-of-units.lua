-- By how many units a settlement changes what is recorded for a charge.
-- Twin: src/limits/algorithm.ts

local function change_of_units(units, cost, room)
  return math.min(cost - units, math.max(0, room))
end
