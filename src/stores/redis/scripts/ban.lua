-- Bans, and the refusals that lead to one. A ban is { 'ban', since_ms, until_ms }. Before there is a ban, the
-- refusals are { 'refusals', state }, with the state of a sliding window. Where there is neither, the value
-- is false.
-- Twin: src/limits/ban.ts

-- include: clock
-- include: sliding-window

local bans = {}

function bans.banned(for_ms)
  return { 'ban', now_ms, now_ms + for_ms }
end

function bans.ends_in_ms(ban)
  if not ban or ban[1] ~= 'ban' then return 0 end
  return math.max(0, ban[3] - now_ms)
end

-- `rule` is { units, window_ms, for_ms }, by name.
function bans.with_refusal(ban, rule)
  local refusals = ban and ban[1] == 'refusals' and ban[2] or sliding_window.initial_state(0)
  local counted = sliding_window.charge(refusals, rule, 1)
  if counted.remaining == 0 then return bans.banned(rule.for_ms) end
  return { 'refusals', counted.state }
end

-- The ban without what is over, on a clock that may have been set back.
function bans.at_now(ban)
  if not ban then return false end
  if ban[1] == 'refusals' then
    local rewound = sliding_window.rewind(ban[2])
    return rewound == ban[2] and ban or { 'refusals', rewound }
  end
  if ban[3] <= now_ms then return false end
  return ban[2] > now_ms and bans.banned(ban[3] - ban[2]) or ban
end
