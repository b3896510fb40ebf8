-- Takes a charge from all its limits or from none of them, or answers what it would do.
--
-- Form: { run: 'consume' or 'peek', cost: units,
--         limits: [[name, algorithm, units, window_ms, burst, ttl_ms, max_debt] ...], see limits.lua,
--         ban: [units, window_ms, for_ms] }. Without a ban rule, `ban` is absent.
--
-- Answer: { allowed, retry_ms, repeat_ms, ban_ends_in_ms or -1, ban_is_new,
--           then remaining and reset_ms of each limit,
--           then, if the charge was taken, the three receipt numbers of each limit, and how many counters of
--           the client were dropped, if any }.
-- single-window.lua has a shorter form, which comes here if it does not decide, and a shorter answer.
-- `reply.ts` reads both answers.
--
-- Twin: src/stores/memory/decider.ts
-- Twin: src/stores/memory/memory-decision.ts
-- Twin: src/stores/redis/operation-form.ts
-- Twin: src/stores/redis/refusal-cache.ts
-- Twin: src/stores/redis/reply.ts

-- include: limits
-- include: other-counters

-- The charge that is decided: its charge, its limits with their states and results, and the places of the
-- counters of other limits.
local charge, limits, states, results, others
local longest_retry_ms

-- Charges each limit, and keeps the results. Returns whether all of them allow the charge.
local function charge_all(first_id)
  results, longest_retry_ms = {}, 0
  local all_allowed = true
  for index, limit in ipairs(limits) do
    local algorithm = algorithms[limit.algorithm]
    states[index] = states[index] or algorithm.initial_state((first_id + index) % 4294967296)
    results[index] = algorithm.charge(states[index], limit, charge.cost)
    all_allowed = all_allowed and results[index].allowed
    longest_retry_ms = math.max(longest_retry_ms, results[index].retry_ms)
  end
  return all_allowed
end

-- In how many milliseconds the same charge can be taken again. 0 if it can be taken at once.
local function repeat_ms()
  local longest_ms = 0
  for index, limit in ipairs(limits) do
    if results[index].remaining < charge.cost then
      local again = algorithms[limit.algorithm].charge(results[index].state, limit, charge.cost)
      longest_ms = math.max(longest_ms, again.retry_ms)
    end
  end
  return longest_ms
end

local function take()
  local longest_ttl_ms = 0
  for _, limit in ipairs(limits) do longest_ttl_ms = math.max(longest_ttl_ms, limit.ttl_ms) end
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
  local rule = { units = charge.ban[1], window_ms = charge.ban[2], for_ms = charge.ban[3] }
  entry = entry or { 0, 0, false }
  entry[3] = bans.with_refusal(entry[3], rule)
  local ends_in_ms = bans.ends_in_ms(entry[3])
  entry[1] = math.max(entry[1], now_ms + math.max(rule.window_ms, ends_in_ms))
  save(entry)
  return ends_in_ms
end

local function refuse(ends_in_ms, is_changed)
  if ends_in_ms == 0 and charge.ban and charge.run ~= 'peek' then
    ends_in_ms = count_refusal()
    return ends_in_ms > 0 and banned_reply(ends_in_ms, 1) or refused_reply()
  end
  if is_changed then save(entry) end
  return ends_in_ms > 0 and banned_reply(ends_in_ms, 0) or refused_reply()
end

local function peek(is_changed)
  if is_changed then save(entry) end
  local reply = { 1, 0, 0, -1, 0 }
  for index = 1, #limits do
    local shown = result_without_charge(index)
    reply[#reply + 1], reply[#reply + 2] = shown.remaining, shown.reset_ms
  end
  return reply
end

-- Names what is in a form of single-window.lua, where that has not decided. Such a form has no largest debt,
-- since only settle.lua reads it. Its list stays, by which batch.lua knows it.
local function name_short_form(form)
  local cost, units, window_ms, ttl, name = unpack(form)
  form.run, form.cost = 'consume', cost
  form.limits = { { name, 'fixed-window', units, window_ms, units, tonumber(ttl), 0 } }
end

local function decide(form, first_id)
  if not form.run then name_short_form(form) end
  read_entry()
  charge, limits = form, limits_of(form)
  local is_changed = false
  states, others = {}, nil
  if entry then states, is_changed, others = states_now(limits) end
  local all_allowed = charge_all(first_id)
  local ends_in_ms = entry and bans.ends_in_ms(entry[3]) or 0
  if not all_allowed or ends_in_ms > 0 then return refuse(ends_in_ms, is_changed) end
  if charge.run == 'peek' then return peek(is_changed) end
  return take()
end

operations.consume, operations.peek = decide, decide
