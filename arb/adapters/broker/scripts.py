"""What Redis does in one step, as Lua.

`unacked` is a hash, delivery tag -> `[message, exchange, routing key]`, and `unacked_index` a sorted set,
delivery tag -> when its holder last said so, in seconds by the server's clock. Both are kombu's.

Each script that moves a message removes it first and adds it after: Redis at `maxmemory` refuses a script
whose first write needs memory, and lets one finish that has begun.
"""

from typing import Final

NOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
"""

# KEYS: unacked, unacked_index, queue keys in the order of urgency. Returns {place of the key, message}.
# What cannot be read is set aside, or it would stop its queue for ever.
TAKE: Final = (
    NOW
    + """
local function entry(text)
    local message = cjson.decode(text)
    local info = message.properties.delivery_info
    local route = cjson.encode(info.exchange) .. ',' .. cjson.encode(info.routing_key)
    return message.properties.delivery_tag, '[' .. text .. ',' .. route .. ']'
end
for place = 3, #KEYS do
    local text = redis.call('RPOP', KEYS[place])
    while text do
        local readable, tag, held = pcall(entry, text)
        if readable and type(tag) == 'string' then
            redis.call('HSET', KEYS[1], tag, held)
            redis.call('ZADD', KEYS[2], now, tag)
            return {place - 3, text}
        end
        redis.call('LPUSH', KEYS[place] .. '.unreadable', text)
        text = redis.call('RPOP', KEYS[place])
    end
end
return false
"""
)

# KEYS: unacked_index. ARGV: tags that are still held. One that was given to somebody else stays theirs.
HOLD: Final = (
    NOW
    + """
for place = 1, #ARGV do
    redis.call('ZADD', KEYS[1], 'XX', now, ARGV[place])
end
"""
)

# KEYS: unacked, unacked_index. ARGV: seconds of silence, how many.
# Returns {the newest stamp that counts as overdue, tag, held, tag, held ...}. A stamp of nothing goes.
OVERDUE: Final = (
    NOW
    + """
local ceiling = string.format('%.6f', now - ARGV[1])
local found = {ceiling}
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ceiling, 'LIMIT', 0, ARGV[2])) do
    local held = redis.call('HGET', KEYS[1], tag)
    if held then
        found[#found + 1] = tag
        found[#found + 1] = held
    else
        redis.call('ZREM', KEYS[2], tag)
    end
end
return found
"""
)

# KEYS: unacked, unacked_index, queue keys. ARGV: tag, message, which end, newest stamp allowed.
# Returns 1 if the message went back, 0 if it was acknowledged, renewed or given back meanwhile.
GIVE_BACK: Final = """
if ARGV[4] ~= '' then
    local stamp = redis.call('ZSCORE', KEYS[2], ARGV[1])
    if stamp and tonumber(stamp) > tonumber(ARGV[4]) then
        return 0
    end
end
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
    return 0
end
for place = 3, #KEYS do
    redis.call(ARGV[3], KEYS[place], ARGV[2])
end
return 1
"""
