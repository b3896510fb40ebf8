-- Gives a charge back, as far as it still counts.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
-- ARGV[2]: { limits: [[name, algorithm, units, window_ms, burst, ttl_ms] ...] } of the charge, in JSON.
-- ARGV[3]: the cost of the charge in units.
-- ARGV[4]: the receipt numbers of each limit, as decide.lua answered them: [[number, number, number] ...] in
-- JSON.
--
-- Answer: 1, or 0 if nothing is known of the client.
--
-- Twin: src/stores/memory/memory-receipt.ts
-- Twin: src/stores/redis/charge-spec.ts

-- include: limits

if not entry then return 0 end
local limits, cost = limits_of(cjson.decode(ARGV[2]).limits), tonumber(ARGV[3])
local receipts = cjson.decode(ARGV[4])
states_now(limits)
for at = 4, #entry, 4 do
  local index = limit_index(at, limits)
  if index then
    local refund = algorithms[entry[at + 1]].refund
    entry[at + 3] = refund(entry[at + 3], receipts[index], limits[index], cost)
  end
end
save(entry)
return 1
