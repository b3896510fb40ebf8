-- Runs operations on clients in their order, each by itself: one that fails has no effect on the others. An
-- operation sees what those before it have written. All of them have the same time.
--
-- KEYS: for each operation the key of its client.
-- ARGV[1]: in a test the time in whole milliseconds, else an empty text.
-- ARGV[2]: the id from which the ids of a new client start, for the first operation: from 0 to 2^32 - 1.
-- ARGV[3]: for each operation one character, whose code is the place of its form among the arguments, plus
-- FORM_CODE.
-- ARGV[4] and more: the forms of the operations, in JSON. Operations with equal forms share one.
--
-- A form has the name of the operation under `run`, and the rest depends on the operation: see decide.lua,
-- refund.lua and block.lua.
--
-- Answer: for each operation its answer, or a text with the error.
--
-- Twin: src/limits/algorithm.ts
-- Twin: src/stores/redis/batch.ts
-- Twin: src/stores/redis/operation-form.ts
-- Twin: src/stores/redis/reply.ts

-- include: clock
-- include: stored-client
-- include: single-window

-- `FORM_CODE` of `batch.ts`.
local FORM_CODE = 32
-- `ID_STEP` of `src/limits/algorithm.ts`.
local ID_STEP = 2654435761

-- To define the rest takes longer than to decide the most frequent charge. So it is defined where an
-- operation needs it.
local operations
local function define_operations()
  operations = {}
-- include: decide
-- include: refund
-- include: block
end

local keys, places, first_id = KEYS, ARGV[3], tonumber(ARGV[2])
local forms = {}

local function run(at)
  local place = string.byte(places, at) - FORM_CODE
  local form = forms[place]
  if not form then
    form = cjson.decode(ARGV[place])
    forms[place] = form
  end
  local id = (first_id + (at - 1) * ID_STEP) % 4294967296
  read_client(keys[at])
  -- Only the form of a charge on one fixed window without a ban rule has a time to live.
  local answer = form.ttl and charge_single_window(form, id)
  if answer then return answer end
  if not operations then define_operations() end
  return operations[form.run](form, id)
end

local answers = {}
for at = 1, #keys do
  local is_done, answer = pcall(run, at)
  -- Redis 7 has tables as errors, and Redis 6.2 has texts.
  answers[at] = is_done and answer or type(answer) == 'table' and answer.err or answer
end
return answers
