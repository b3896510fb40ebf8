-- Bans of the application: `block` bans a client from now on, whatever ban it has, and `unblock` ends its ban
-- and forgets its refusals. What the client has used stays used.
--
-- Form: { run: 'block', ms: for how many milliseconds }, or { run: 'unblock' }.
--
-- Answer: { 1 }, or { 0 } if nothing is known of a client that is to be unblocked.
--
-- Twin: src/stores/memory/memory-store.ts
-- Twin: src/stores/redis/operation-form.ts

-- include: limits

function operations.block(form)
  read_entry()
  entry = entry or { 0, 0, false }
  entry[3] = bans.banned(form.ms)
  entry[1] = math.max(entry[1], now_ms + math.max(form.ms, entry[2]))
  save(entry)
  return { 1 }
end

function operations.unblock()
  read_entry()
  if not entry then return { 0 } end
  if #entry == 3 then
    call('DEL', key)
    return { 1 }
  end
  entry[3] = false
  entry[1] = now_ms + entry[2]
  -- A debt can last longer than a time to live.
  for at = 4, #entry, 4 do
    entry[1] = math.max(entry[1], algorithms[entry[at + 1]].over_at_ms(entry[at + 3], entry[at + 2]))
  end
  save(entry)
  return { 1 }
end
