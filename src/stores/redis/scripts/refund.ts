/**
 * Gives a charge back, as far as it is still there.
 *
 * KEYS: the client. ARGV: the time, or nothing; the limits of the charge, as `{ limits }`; the cost; what the decision
 * answered for the receipt, as `[[a, b, c] ...]`.
 */
export const REFUND = `
if not entry then return 0 end
local limits, cost, receipts = limits_of(cjson.decode(ARGV[2]).limits), tonumber(ARGV[3]), cjson.decode(ARGV[4])
settle(limits)
for at = 4, #entry, 3 do
  for index, limit in ipairs(limits) do
    if limit.name == entry[at] and limit.algorithm == entry[at + 1] then
      entry[at + 2] = algorithms[limit.algorithm].refund(entry[at + 2], receipts[index], now, limit, cost)
    end
  end
end
save(entry)
return 1
`
