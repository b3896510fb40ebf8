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
-- settle.lua and block.lua. The form of single-window.lua is a list, which takes less time to read.
--
-- Answer: for each operation its answer in turn. It is a list, or three integers from single-window.lua, or a
-- text with the error. Redis and the client take longer for a list than for what is in it.
--
-- Twin: src/limits/algorithm.ts
-- Twin: src/stores/redis/batch.ts
-- Twin: src/stores/redis/operation-form.ts
-- Twin: src/stores/redis/reply.ts

-- include: clock
-- include: stored-client

-- `FORM_CODE` of `batch.ts`.
local FORM_CODE = 32
-- `ID_STEP` of `src/limits/algorithm.ts`.
local ID_STEP = 2654435761

local keys, codes, first_new_id = KEYS, ARGV[3], tonumber(ARGV[2])
local forms, answers, operations = {}, {}, nil
-- To look them up for each operation takes longer.
local run_command, read_struct, write_struct = redis.pcall, struct.unpack, struct.pack
local substring, code_of = string.sub, string.byte

for turn = 1, #keys do
  local place = code_of(codes, turn) - FORM_CODE
  local own_form = forms[place]
  if not own_form then
    local is_read, read = pcall(cjson.decode, ARGV[place])
    -- With a form that cannot be read, the operation fails below.
    own_form = is_read and read or {}
    forms[place] = own_form
  end
  local new_id = (first_new_id + (turn - 1) * ID_STEP) % 4294967296
  local is_answered = false
  key = keys[turn]
  -- A value of another type counts as absent.
  stored = run_command('GET', key)
  if stored and stored.err then
    if not string.find(stored.err, 'WRONGTYPE', 1, true) then
      answers[#answers + 1], is_answered = stored.err, true
    end
    stored = false
  end
  -- Only the form of a charge on one fixed window without a ban rule is a list.
  if own_form[1] and not is_answered then
-- include: single-window
  end
  if not is_answered then
    -- To define the rest takes longer than to decide the most frequent charge. So it is defined where an
    -- operation needs it, once: it must not use the locals of this turn.
    if not operations then
      operations = {}
-- include: decide
-- include: settle
-- include: block
    end
    local is_done, answer = pcall(operations[own_form.run or 'consume'], own_form, new_id)
    -- Redis 7 has tables as errors, and Redis 6.2 has texts.
    answers[#answers + 1] = is_done and answer or type(answer) == 'table' and answer.err or answer
  end
end
return answers
