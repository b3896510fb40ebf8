-- Takes a charge from all its limits or from none of them, or answers what it would do.
--
-- KEYS[1]: the key of the client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
-- ARGV[2]: the cost in units.
-- ARGV[3]: the id from which the ids of a new client start, from 0 to 2^32 - 1.
-- Then either the general form, which `charge-spec.ts` writes:
-- ARGV[4]: in JSON { limits: [[name, algorithm, units, window_ms, burst, ttl_ms, max_debt] ...],
--          ban: [units, window_ms, for_ms] }. Without a ban rule, `ban` is absent.
-- ARGV[5]: 'consume' or 'peek'.
-- Or the short form, to consume from one fixed window without a ban rule:
-- ARGV[4] to ARGV[7]: name of the limit, units, window in milliseconds, time to live in milliseconds.
--
-- Answer: { allowed, retry_ms, repeat_ms, ban_ends_in_ms or -1, ban_is_new,
--           then remaining and reset_ms of each limit,
--           then, if the charge was taken, the three receipt numbers of each limit, and how many counters of
--           the client were dropped, if any }.
-- single-window.lua gives a shorter answer. `reply.ts` reads both.
--
-- Twin: src/stores/memory/decider.ts
-- Twin: src/stores/memory/memory-decision.ts
-- Twin: src/stores/redis/charge-spec.ts
-- Twin: src/stores/redis/refusal-cache.ts
-- Twin: src/stores/redis/reply.ts

-- include: single-window
-- include: limits
-- include: other-counters

local cost, first_id = tonumber(ARGV[2]), tonumber(ARGV[3])
local spec, verb
if ttl_text then
  local units = tonumber(ARGV[5])
  local limit = { ARGV[4], 'fixed-window', units, tonumber(ARGV[6]), units, tonumber(ttl_text) }
  spec, verb = { limits = { limit } }, 'consume'
else
  spec, verb = cjson.decode(ARGV[4]), ARGV[5]
end
local limits = limits_of(spec.limits)
local states, is_changed, others = {}, false, nil
if entry then states, is_changed, others = states_now(limits) end

local results = {}
local all_allowed, longest_retry_ms, longest_ttl_ms = true, 0, 0
for index, limit in ipairs(limits) do
  local algorithm = algorithms[limit.algorithm]
  states[index] = states[index] or algorithm.initial_state((first_id + index) % 4294967296)
  results[index] = algorithm.charge(states[index], limit, cost)
  all_allowed = all_allowed and results[index].allowed
  longest_retry_ms = math.max(longest_retry_ms, results[index].retry_ms)
  longest_ttl_ms = math.max(longest_ttl_ms, limit.ttl_ms)
end

-- In how many milliseconds the same charge can be taken again. 0 if it can be taken at once.
local function repeat_ms()
  local longest_ms = 0
  for index, limit in ipairs(limits) do
    if results[index].remaining < cost then
      local again = algorithms[limit.algorithm].charge(results[index].state, limit, cost)
      longest_ms = math.max(longest_ms, again.retry_ms)
    end
  end
  return longest_ms
end

local function take()
  local expires_at_ms = math.max(entry and entry[1] or 0, now_ms + longest_ttl_ms)
  local taken = { expires_at_ms, longest_ttl_ms, entry and entry[3] or false }
  local reply = { 1, 0, repeat_ms(), -1, 0 }
  for index, limit in ipairs(limits) do
    local result, last = results[index], #taken
    taken[last + 1], taken[last + 2], taken[last + 3] = limit.name, limit.algorithm, limit.window_ms
    taken[last + 4] = result.state
    reply[#reply + 1], reply[#reply + 2] = result.remaining, result.reset_ms
  end
  for index, limit in ipairs(limits) do
    local numbers, last = algorithms[limit.algorithm].receipt_numbers(results[index].state, limit), #reply
    reply[last + 1], reply[last + 2], reply[last + 3] = numbers[1], numbers[2], numbers[3]
  end
  local dropped = others and keep_others(others, taken) or 0
  if dropped > 0 then reply[#reply + 1] = dropped end
  save(taken)
  return reply
end

local is_banned = entry and bans.ends_in_ms(entry[3]) > 0
-- The rest is not needed for the most frequent charges, and to define it takes time.
if all_allowed and not is_banned and verb ~= 'peek' then return take() end

-- What a limit answers before anything is taken.
local function result_without_charge(index)
  local limit = limits[index]
  return algorithms[limit.algorithm].charge(states[index], limit, 0)
end

local function banned_reply(ends_in_ms, is_new)
  local retry_ms = math.max(ends_in_ms, longest_retry_ms)
  local reply = { 0, retry_ms, 0, ends_in_ms, is_new }
  for _ = 1, #limits do
    reply[#reply + 1], reply[#reply + 2] = 0, retry_ms
  end
  return reply
end

local function refused_reply()
  local reply = { 0, longest_retry_ms, 0, -1, 0 }
  for index = 1, #limits do
    local shown = results[index].allowed and result_without_charge(index) or results[index]
    reply[#reply + 1], reply[#reply + 2] = shown.remaining, shown.reset_ms
  end
  return reply
end

-- Returns in how many milliseconds the ban ends. 0 if the client is not banned.
local function count_refusal()
  local rule = { units = spec.ban[1], window_ms = spec.ban[2], for_ms = spec.ban[3] }
  entry = entry or { 0, 0, false }
  entry[3] = bans.with_refusal(entry[3], rule)
  local ends_in_ms = bans.ends_in_ms(entry[3])
  entry[1] = math.max(entry[1], now_ms + math.max(rule.window_ms, ends_in_ms))
  save(entry)
  return ends_in_ms
end

local function refuse()
  local ends_in_ms = entry and bans.ends_in_ms(entry[3]) or 0
  if ends_in_ms == 0 and spec.ban and verb ~= 'peek' then
    ends_in_ms = count_refusal()
    return ends_in_ms > 0 and banned_reply(ends_in_ms, 1) or refused_reply()
  end
  if is_changed then save(entry) end
  return ends_in_ms > 0 and banned_reply(ends_in_ms, 0) or refused_reply()
end

local function peek()
  if is_changed then save(entry) end
  local reply = { 1, 0, 0, -1, 0 }
  for index = 1, #limits do
    local shown = result_without_charge(index)
    reply[#reply + 1], reply[#reply + 2] = shown.remaining, shown.reset_ms
  end
  return reply
end

return all_allowed and not is_banned and peek() or refuse()
