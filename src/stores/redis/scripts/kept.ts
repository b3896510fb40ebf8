/** The first byte of a client of whom one fixed window is all that is known. No list in MessagePack begins with it. */
export const ONE_WINDOW_MARK = 1

/** What follows it, for `struct`: `expiresAtMs, ttlMs, startMs, used, windowId, name`. Faster than MessagePack. */
export const ONE_WINDOW = '<BddddI4s'

/**
 * How a client is kept: as one fixed window, or else in MessagePack as `{ expiresAtMs, ttlMs, ban or false, name,
 * algorithm, state ... }`, three members for each limit that was charged last. Scripts see the second in both cases.
 */
export const KEPT: string = `
local function unpacked()
  if string.byte(kept) ~= ${ONE_WINDOW_MARK} then return cmsgpack.unpack(kept) end
  local _, expires, ttl, start, used, id, name = struct.unpack('${ONE_WINDOW}', kept)
  return { expires, ttl, false, name, 'fixed-window', { start, used, id } }
end

local function packed(changed)
  local expires, ttl, ban, name, algorithm, state, others = unpack(changed)
  if ban or algorithm ~= 'fixed-window' or others ~= nil then return cmsgpack.pack(changed) end
  return struct.pack('${ONE_WINDOW}', ${ONE_WINDOW_MARK}, expires, ttl, state[1], state[2], state[3], name)
end

local entry = kept and unpacked() or nil
-- Redis forgets it by itself; on a clock of a test this is how it is forgotten.
if entry and entry[1] <= now then entry = nil end

local function save(changed)
  local ttl = math.max(1, changed[1] - now)
  -- The time to live runs on the clock of the server, whatever the test's says.
  if is_test then ttl = math.max(ttl, 3600000) end
  call('PSETEX', KEYS[1], ttl, packed(changed))
end
`
