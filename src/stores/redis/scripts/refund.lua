-- Gives a charge back, as far as it still counts.
--
-- Form: { run: 'refund', cost: units of the charge,
--         limits: [[name, algorithm, units, window_ms, burst, ttl_ms] ...] of the charge,
--         receipts: [[number, number, number] ...], for each limit the numbers that decide.lua answered }.
--
-- Answer: 1, or 0 if nothing is known of the client.
--
-- Twin: src/stores/memory/memory-receipt.ts
-- Twin: src/stores/redis/operation-form.ts

-- include: limits

function operations.refund(form)
  read_entry()
  if not entry then return 0 end
  local charged = limits_of(form)
  states_now(charged)
  for at = 4, #entry, 4 do
    local index = limit_index(at, charged)
    if index then
      local refund = algorithms[entry[at + 1]].refund
      entry[at + 3] = refund(entry[at + 3], form.receipts[index], charged[index], form.cost)
    end
  end
  save(entry)
  return 1
end
