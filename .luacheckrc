-- How luacheck checks the scripts of Redis. Run it with `npm run lint:lua`, which gives it whole scripts: a file of
-- src/stores/redis/scripts alone uses locals of the files that it includes.

-- What a script may use in Redis: https://redis.io/docs/latest/develop/interact/programmability/lua-api/
stds.redis = {
  read_globals = {
    'ARGV', 'KEYS', 'redis', 'bit', 'cjson', 'cmsgpack', 'coroutine', 'math', 'string', 'struct', 'table',
    'assert', 'collectgarbage', 'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'pcall', 'rawequal', 'rawget',
    'rawset', 'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'unpack', 'xpcall',
    os = { fields = { 'clock' } },
  },
}
std = 'redis'
max_line_length = 110
