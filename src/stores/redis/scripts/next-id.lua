-- The id after another one. After the largest number of 32 bits comes 0.
-- Twin: src/limits/algorithm.ts

local function next_id(id)
  return (id + 1) % 4294967296
end
