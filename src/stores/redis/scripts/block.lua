-- Bans a client from now on, whatever ban it has.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
-- ARGV[2]: for how many milliseconds.
--
-- Answer: 1.
--
-- Twin: src/stores/memory/memory-store.ts

-- include: storage
-- include: ban

local for_ms = tonumber(ARGV[2])
entry = entry or { 0, 0, false }
entry[3] = bans.banned(for_ms)
entry[1] = math.max(entry[1], now_ms + math.max(for_ms, entry[2]))
save(entry)
return 1
