-- Settles a charge: changes what is recorded for it, in the window of the charge only.
--
-- Form: { run: 'settle', cost: the units to which the charge is settled,
--         limits: [[name, algorithm, units, window_ms, burst, ttl_ms, max_debt] ...] of the charge,
--         records: [[units, number ...] ...], for each limit what is recorded of the charge }.
-- First a record is the cost of the charge and the receipt numbers of decide.lua, then the answer to the last
-- settlement.
--
-- Answer: of each limit how many numbers its new record has, and these numbers.
--
-- Twin: src/stores/memory/memory-receipt.ts
-- Twin: src/stores/redis/operation-form.ts
-- Twin: src/stores/redis/reply.ts

-- include: limits

function operations.settle(form)
  read_entry()
  local charged = limits_of(form)
  -- A copy, also of each record: another operation can have the same form.
  local records = { unpack(form.records) }
  if entry then
    states_now(charged)
    for at = 4, #entry, 4 do
      local index, algorithm = limit_index(at, charged), algorithms[entry[at + 1]]
      if index then
        local record = { unpack(records[index]) }
        entry[at + 3], records[index] = algorithm.settle(entry[at + 3], record, charged[index], form.cost)
      end
      -- A debt can last longer than a time to live.
      entry[1] = math.max(entry[1], algorithm.over_at_ms(entry[at + 3], entry[at + 2]))
    end
    save(entry)
  end
  local answer = {}
  for _, record in ipairs(records) do
    answer[#answer + 1] = #record
    for _, number in ipairs(record) do answer[#answer + 1] = number end
  end
  return answer
end
