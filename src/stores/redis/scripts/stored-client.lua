-- What Redis stores of a client, as bytes. All is under one key, which an operation reads once and writes
-- once.
--
-- The bytes have one of two formats:
-- - MessagePack: { expires_at_ms, ttl_ms, ban or false, name, algorithm, window_ms, state ... }, where name,
--   algorithm, window_ms and state stand for each counter of the client.
-- - `struct`, if nothing but one fixed window is known: mark, expires_at_ms, ttl_ms, start_ms, used,
--   window_ms, window_id, name and a zero byte. Redis reads and writes it faster than MessagePack. The mark
--   is its first byte. No list in MessagePack starts with that byte.
--
-- A value that cannot be read is treated as absent: one of another type, or other bytes. The next write
-- replaces it. `PSETEX` replaces a value of any type.
--
-- Twin: src/stores/redis/operation-form.ts

local SINGLE_WINDOW_MARK = 1
-- Larger than each time in this format. `operation-form.ts` does not ask for a larger one in the short form.
local LARGEST_TIME = 2 ^ 47
-- Times take 6 bytes and units 7 bytes, so that a value is short and any bytes are whole numbers.
local SINGLE_WINDOW_NUMBERS, SINGLE_WINDOW_FORMAT, NAME_STARTS_AT = '<Bi6i6i6I7i6I4', '<Bi6i6i6I7i6I4s', 37
-- Where the units used are in it, and how they are written.
local USED_OFFSET, USED_NUMBER = '19', '<I7'

-- The key of the client that the operation is about, and its bytes: false if Redis has no such key.
local key, stored
