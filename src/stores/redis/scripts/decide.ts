/**
 * Takes a charge from all limits or from none, or tells what it would do.
 *
 * KEYS: the client. ARGV: the time, or nothing; the cost; an id for a newcomer; then the limits and the ban rule, as
 * `{ limits, ban: [units, window, for] }`, and `consume` or `peek`; or, to consume from one fixed window, its name,
 * units, window and time to live.
 *
 * Answers `{ allowed, retry, repeat, banEndsIn or -1, banIsNew, (remaining, reset) of each limit, (a, b, c) of each
 * limit for a receipt, where it was taken }`.
 */
export const DECIDE = `
local cost, seed, spec, verb = tonumber(ARGV[2]), tonumber(ARGV[3]), nil, nil
if ttl_text then
  local units = tonumber(ARGV[5])
  spec, verb = { limits = { { ARGV[4], 'fixed-window', units, tonumber(ARGV[6]), units, tonumber(ttl_text) } } }, 'consume'
else
  spec, verb = cjson.decode(ARGV[4]), ARGV[5]
end
local limits = limits_of(spec.limits)
local changed = entry and settle(limits)

local states, asked, latest, admitted, longest_ttl = {}, {}, 0, true, 0
for index, limit in ipairs(limits) do
  local algorithm = algorithms[limit.algorithm]
  states[index] = state_of(limit) or algorithm.newcomer((seed + index) % 4294967296)
  asked[index] = algorithm.charge(states[index], now, limit, cost)
  latest = math.max(latest, asked[index].retry)
  admitted = admitted and asked[index].allowed
  longest_ttl = math.max(longest_ttl, limit.ttl)
end

local function standing(index)
  local limit = limits[index]
  return algorithms[limit.algorithm].charge(states[index], now, limit, 0)
end

local function outright(ends_in, is_new)
  local retry = math.max(ends_in, latest)
  local reply = { 0, retry, 0, ends_in, is_new }
  for _ = 1, #limits do
    reply[#reply + 1], reply[#reply + 2] = 0, retry
  end
  return reply
end

local function refusal()
  local reply = { 0, latest, 0, -1, 0 }
  for index = 1, #limits do
    local shown = asked[index].allowed and standing(index) or asked[index]
    reply[#reply + 1], reply[#reply + 2] = shown.remaining, shown.reset
  end
  return reply
end

local function note_refusal()
  local rule = { units = spec.ban[1], window = spec.ban[2], for_ms = spec.ban[3] }
  entry = entry or { 0, 0, false }
  entry[3] = with_refusal(entry[3], now, rule)
  local ends_in = ban_ends_in(entry[3], now)
  entry[1] = math.max(entry[1], now + math.max(rule.window, ends_in))
  save(entry)
  return ends_in
end

local function refuse()
  local ends_in = entry and ban_ends_in(entry[3], now) or 0
  if ends_in == 0 and spec.ban and verb ~= 'peek' then
    ends_in = note_refusal()
    return ends_in > 0 and outright(ends_in, 1) or refusal()
  end
  if changed then save(entry) end
  return ends_in > 0 and outright(ends_in, 0) or refusal()
end

local function preview()
  if changed then save(entry) end
  local reply = { 1, 0, 0, -1, 0 }
  for index = 1, #limits do
    local shown = standing(index)
    reply[#reply + 1], reply[#reply + 2] = shown.remaining, shown.reset
  end
  return reply
end

local function repeat_after()
  local wait = 0
  for index, limit in ipairs(limits) do
    if asked[index].remaining < cost then
      local again = algorithms[limit.algorithm].charge(asked[index].state, now, limit, cost)
      wait = math.max(wait, again.retry)
    end
  end
  return wait
end

local function take()
  local taken = { math.max(entry and entry[1] or 0, now + longest_ttl), longest_ttl, entry and entry[3] or false }
  local reply = { 1, 0, repeat_after(), -1, 0 }
  for index, limit in ipairs(limits) do
    local outcome = asked[index]
    taken[#taken + 1], taken[#taken + 2], taken[#taken + 3] = limit.name, limit.algorithm, outcome.state
    reply[#reply + 1], reply[#reply + 2] = outcome.remaining, outcome.reset
  end
  for index, limit in ipairs(limits) do
    for _, number in ipairs(algorithms[limit.algorithm].receipt(asked[index].state)) do
      reply[#reply + 1] = number
    end
  end
  save(taken)
  return reply
end

if not admitted or (entry and ban_ends_in(entry[3], now) > 0) then return refuse() end
if verb == 'peek' then return preview() end
return take()
`
