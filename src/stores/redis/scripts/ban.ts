/** The twin of `src/limits/ban.ts`. A ban is `{ 'ban', sinceMs, untilMs }`, or `{ 'refusals', state }` before. */
export const BAN = `
local function banned(now, for_ms)
  return { 'ban', now, now + for_ms }
end

local function ban_ends_in(ban, now)
  if not ban or ban[1] ~= 'ban' then return 0 end
  return math.max(0, ban[3] - now)
end

local function with_refusal(ban, now, rule)
  local refusals = ban and ban[1] == 'refusals' and ban[2] or sliding_window.newcomer(0)
  local counted = sliding_window.charge(refusals, now, rule, 1)
  if counted.remaining == 0 then return banned(now, rule.for_ms) end
  return { 'refusals', counted.state }
end

-- What there is of a ban now: false where there is none.
local function ban_at(ban, now)
  if not ban then return false end
  if ban[1] == 'refusals' then
    local rewound = sliding_window.rewind(ban[2], now)
    return rewound == ban[2] and ban or { 'refusals', rewound }
  end
  if ban[3] <= now then return false end
  return ban[2] > now and banned(now, ban[3] - ban[2]) or ban
end
`
