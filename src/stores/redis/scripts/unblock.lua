-- Ends the ban of a client and forgets its refusals. What the client has used stays used.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
--
-- Answer: 1, or 0 if nothing is known of the client.
--
-- Twin: src/stores/memory/memory-store.ts

-- include: limits

if not entry then return 0 end
if #entry == 3 then
  redis.call('DEL', KEYS[1])
  return 1
end
entry[3] = false
entry[1] = now_ms + entry[2]
for at = 4, #entry, 4 do
  entry[1] = math.max(entry[1], algorithms[entry[at + 1]].over_at_ms(entry[at + 3], entry[at + 2]))
end
save(entry)
return 1
