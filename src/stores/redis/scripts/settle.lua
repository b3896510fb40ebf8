-- Settles a charge: changes what is recorded for it, in the window of the charge only.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
-- ARGV[2]: { limits: [[name, algorithm, units, window_ms, burst, ttl_ms, max_debt] ...] } of the charge, in JSON.
-- ARGV[3]: the units to which the charge is settled.
-- ARGV[4]: what is recorded of the charge for each limit, in JSON: [[units, number ...] ...]. First it is the cost of
-- the charge and the receipt numbers of decide.lua, then the answer of the last settlement.
--
-- Answer: of each limit how many numbers its new record has, and these numbers.
--
-- Twin: src/stores/memory/memory-receipt.ts
-- Twin: src/stores/redis/charge-spec.ts
-- Twin: src/stores/redis/reply.ts

-- include: limits

local limits, cost = limits_of(cjson.decode(ARGV[2]).limits), tonumber(ARGV[3])
local records = cjson.decode(ARGV[4])
if entry then
  states_now(limits)
  for at = 4, #entry, 4 do
    local index, algorithm = limit_index(at, limits), algorithms[entry[at + 1]]
    if index then
      local record = { unpack(records[index]) }
      entry[at + 3], records[index] = algorithm.settle(entry[at + 3], record, limits[index], cost)
    end
    -- A debt can last longer than a time to live.
    entry[1] = math.max(entry[1], algorithm.over_at_ms(entry[at + 3], entry[at + 2]))
  end
  save(entry)
end
local reply = {}
for _, record in ipairs(records) do
  reply[#reply + 1] = #record
  for _, number in ipairs(record) do reply[#reply + 1] = number end
end
return reply
