/**
 * Gives a charge back, as far as it is still there.
 *
 * KEYS: the client. ARGV: the limits of the charge, as `{ limits }`; the cost; what the decision answered for the
 * receipt, as `[[a, b, c] ...]`; the time, in tests.
 */
export const REFUND = `
local limits, cost, receipts = limits_of(cjson.decode(ARGV[1]).limits), tonumber(ARGV[2]), cjson.decode(ARGV[3])
local now = now_in_ms(ARGV[4])
local entry = load_entry(now)
if not entry then return 0 end
settle(entry, limits, now)
for at = 4, #entry, 3 do
  for index, limit in ipairs(limits) do
    if limit.name == entry[at] and limit.algorithm == entry[at + 1] then
      entry[at + 2] = algorithms[limit.algorithm].refund(entry[at + 2], receipts[index], now, limit, cost)
    end
  end
end
save_entry(entry, now, ARGV[4] ~= nil)
return 1
`
