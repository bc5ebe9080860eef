"""The Lua scripts that Redis runs: each checks everything first, and then writes all of it.

Redis doesn't roll back a script that fails half-way, so nothing that can fail comes after the first write. Scripts that
free memory may run when Redis has none left (`allow-oom`); Redis then refuses the other scripts as a whole.

The events of an append are one argument. Each event is six fields, each after its length in four bytes: header, lane,
cause, digest of the body, digest, salt and body (empty where the body is removed). The slow log shows the first 128
bytes of an argument, and so no body.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class LuaScript:
    """A Lua script, which Redis caches under its digest."""

    text: str
    writes: bool = True

    @cached_property
    def digest(self) -> str:
        """The script's SHA-1 in hex, by which EVALSHA names it."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


NOTES = "moothall:erasures"
"""A hash with two counters: how often something was taken out that Redis's files may still hold (`asked`), and the
value of that counter up to which the files were rewritten (`done`, `erasing.py`)."""

BEGUN = "moothall:begun"
"""The server's time in µs when the counter of changes began. It serves only to tell one counter from another."""

# KEYS: … , NOTES last. The act itself notes the time (µs), or one more than the last note: had it been noted before the
# act, a rewrite between the two would count as one that came after the act. A Redis that was emptied never notes
# earlier times, so that a rewrite that began before counts for nothing after. A user who may not ask the time, as that
# of 0.2.0's reference, counts.
TAKEN_OUT = """
do
  local time, last = redis.pcall('TIME'), tonumber(redis.call('HGET', KEYS[#KEYS], 'asked') or '0')
  local now = time.err and 0 or time[1] * 1000000 + time[2]
  redis.call('HSET', KEYS[#KEYS], 'asked', string.format('%.0f', math.max(last + 1, now)))
end
"""
# Extract a value from INFO; empty where the user may not run INFO, since nothing may fail after a write.
_OF_SERVER = """
local function of_server(pattern)
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, pattern) or ''
end
"""
# KEYS[5], KEYS[6]: the counter of changes, and the sorted set of sessions by their last change. ARGV: … , the session
# last.
_COUNTED = f"""
{_OF_SERVER}
local change = redis.call('INCR', KEYS[5])
if change == 1 then redis.call('SET', '{BEGUN}', of_server('server_time_usec:(%d+)')) end
"""
_CHANGED = f"""
{_COUNTED}
redis.call('ZADD', KEYS[6], change, ARGV[#ARGV])
"""
# KEYS: head, log, bodies, causes. ARGV: owner, term, expected offset, …
_HELD = """
local head = redis.call('HMGET', KEYS[1], 'owner', 'term', 'offset', 'bodies', 'causes', 'first')
if not head[2] then return {'missing'} end
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return {'stale', head[2]} end
local first, last = tonumber(head[6]), tonumber(head[3])
if redis.call('HLEN', KEYS[3]) ~= tonumber(head[4]) or redis.call('HLEN', KEYS[4]) ~= tonumber(head[5])
  or redis.call('XLEN', KEYS[2]) ~= last - first + 1 or last > 0 and redis.call('EXISTS', KEYS[2]) == 0
  or last >= first and redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1][1] ~= head[3] .. '-0'
  then return {'missing'} end
if head[3] ~= ARGV[3] then return {'offset', head[3]} end
"""
_PARSED = """
local events, causes, at = {}, {}, 1
while at <= #ARGV[4] do
  local event = {}
  for field = 1, 6 do event[field], at = struct.unpack('>I4c0', ARGV[4], at) end
  if causes[event[3]] or redis.call('HEXISTS', KEYS[4], event[3]) == 1 then return {'cause'} end
  causes[event[3]] = true
  events[#events + 1] = event
end
"""
_STORED = """
local offset, bodies, lanes = tonumber(head[3]), tonumber(head[4]), {}
for n, event in ipairs(events) do
  offset = offset + 1
  local written = redis.pcall('XADD', KEYS[2], string.format('%.0f-0', offset),
    'h', event[1], 'l', event[2], 'b', event[4], 'd', event[5])
  if type(written) == 'table' and written.err then return {'ahead'} end
  redis.call('HSET', KEYS[4], event[3], offset)
  if event[6] ~= '' then
    redis.call('HSET', KEYS[3], offset, event[6])
    bodies = bodies + 1
  end
  lanes[event[2]] = string.format('%.0f ', offset) .. event[5]
end
for lane, written in pairs(lanes) do redis.call('HSET', KEYS[1], 'lane:' .. lane, written) end
if #events > 0 then
  redis.call('HSET', KEYS[1], 'offset', offset, 'digest', events[#events][5], 'bodies', bodies,
    'causes', tonumber(head[5]) + #events)
end
"""
_ERASED = """
local erased, from = 0, tonumber(head[3])
for offset in string.gmatch(ARGV[5], '%d+') do
  if tonumber(offset) <= from then erased = erased + redis.call('HDEL', KEYS[3], offset) end
end
redis.call('HINCRBY', KEYS[1], 'bodies', -erased)
"""

# KEYS[7]: the list of removals. `removed`: session, epoch, offset, digest. Where XADD fails because somebody has taken
# entries out of the list by hand, the list starts again from 1; every node then reads it from the first removal on.
_LISTED = """
local number, mark = 0, ''
local last = redis.call('XREVRANGE', KEYS[7], '+', '-', 'COUNT', 1)[1]
if last then number, mark = tonumber(string.match(last[1], '^%d+')), last[2][10] end
local function listed()
  local made = string.sub(redis.sha1hex(mark .. ' ' .. table.concat(removed, ' ')), 1, 16)
  return redis.pcall('XADD', KEYS[7], string.format('%.0f-0', number + 1), 's', removed[1], 'e', removed[2],
    'o', removed[3], 'd', removed[4], 'm', made)
end
local written = listed()
if type(written) == 'table' and written.err then
  redis.call('DEL', KEYS[7])
  number, mark = 0, ''
  listed()
end
"""
_REMOVED = f"""
if #events > 0 then
local removed = {{ARGV[6], redis.call('HGET', KEYS[1], 'epoch'), string.format('%.0f', offset), events[#events][5]}}
{_LISTED}
end
"""

# ARGV: owner, term, expected offset, events.
APPEND = LuaScript(f"#!lua\n{_HELD}{_PARSED}{_STORED}{_CHANGED}return {{'ok'}}\n")
# ARGV: owner, term, expected offset, events, the offsets to erase, session.
REMOVE = LuaScript(
    f"#!lua flags=allow-oom\n{_HELD}{_PARSED}{TAKEN_OUT}{_STORED}{_ERASED}{_REMOVED}{_CHANGED}return {{'ok'}}\n"
)

# KEYS: head, log, bodies, causes, the counter of changes, the set of changed sessions. ARGV: owner, epoch, term (empty:
# one more than the stored term), '1' where the log may be a new one, session.
ACQUIRE = LuaScript(
    """#!lua flags=allow-oom
local head = redis.call('HMGET', KEYS[1], 'owner', 'term', 'offset')
local there, term = redis.call('EXISTS', KEYS[2]) == 1, ARGV[3]
if not head[2] then
  if there or ARGV[4] ~= '1' then return {'missing'} end
  if term == '' then term = '1' end
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'offset', 0, 'first', 1, 'lost', 0, 'bodies', 0, 'causes', 0)
else
  if head[3] ~= '0' and not there then return {'missing'} end
  if term == '' then
    if head[1] ~= ARGV[1] then return {'held', head[2]} end
    term = string.format('%.0f', tonumber(head[2]) + 1)
  elseif tonumber(term) <= tonumber(head[2]) then
    return {'stale', head[2]}
  end
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'term', term)
"""
    + _CHANGED
    + """
return {'ok', redis.call('HGETALL', KEYS[1])}
"""
)

# KEYS: head, log, bodies. ARGV: the offset after which to read, the most records to return, the most to scan, 'all' or
# 'some', the lanes.
READ = LuaScript(
    """#!lua flags=no-writes
local head = redis.call('HMGET', KEYS[1], 'first', 'offset', 'bodies')
if not head[1] then return {'none'} end
local last, offset = tonumber(ARGV[1]), tonumber(head[2])
if last + 1 < tonumber(head[1]) then return {'trimmed', head[1]} end
if redis.call('HLEN', KEYS[3]) ~= tonumber(head[3]) then return {'missing'} end
local limit, looked, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), {}
for n = 5, #ARGV do wanted[ARGV[n]] = true end
local found = {}
while #found < limit and looked > 0 and last < offset do
  local count = math.min(looked, ARGV[4] == 'all' and limit - #found or 100)
  local page = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', last + 1), '+', 'COUNT', count)
  if #page == 0 then return {'missing'} end
  for _, entry in ipairs(page) do
    local here = tonumber(string.match(entry[1], '^%d+'))
    if here ~= last + 1 then return {'missing'} end
    local fields = entry[2]
    last = here
    if #found < limit and (ARGV[4] == 'all' or wanted[fields[4]]) then
      found[#found + 1] = {string.format('%.0f', here), fields[2], fields[4], fields[6], fields[8],
        redis.call('HGET', KEYS[3], here)}
    end
  end
  looked = looked - #page
end
return {'ok', string.format('%.0f', last), head[2], found}
""",
    writes=False,
)

# KEYS: head, log, bodies, causes, NOTES. ARGV: owner, term, expected offset, the last offset to give up.
TRIM = LuaScript(f"""#!lua flags=allow-oom
{_HELD}
last = math.min(tonumber(ARGV[4]), last)
if last < first then return {{'ok'}} end
{TAKEN_OUT}
redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%.0f-0', last + 1))
local gone = 0
for offset = first, last do gone = gone + redis.call('HDEL', KEYS[3], string.format('%.0f', offset)) end
redis.call('HSET', KEYS[1], 'first', last + 1)
redis.call('HINCRBY', KEYS[1], 'bodies', -gone)
return {{'ok'}}
""")

# KEYS: head, log, bodies, causes, the counter of changes, the set of changed sessions, the list of removals, NOTES.
# ARGV: owner, term, session. Deletes whatever is left of the log. The list keeps the removal for ever, since a node
# that was away has a copy.
FORGET = LuaScript(f"""#!lua flags=allow-oom
local head = redis.call('HMGET', KEYS[1], 'owner', 'term', 'epoch')
if not head[2] then return {{'missing'}} end
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return {{'stale', head[2]}} end
{TAKEN_OUT}
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('ZREM', KEYS[6], ARGV[3])
{_COUNTED}
redis.call('ZADD', KEYS[6], change, head[3] .. ' ' .. ARGV[3])
local removed = {{ARGV[3], head[3], '0', ''}}
{_LISTED}
return {{'ok'}}
""")

# KEYS: the lease of the house four times, so that the following keys have the numbers that the fragments above expect;
# the counter of changes, the set of changed sessions, the list of removals. ARGV: owner, term of the house, epoch. The
# session's name is empty, since only the epoch is known.
LIST_ERASED = LuaScript(f"""#!lua flags=allow-oom
local house = redis.call('HMGET', KEYS[1], 'node', 'term')
if not house[2] then return {{'missing'}} end
if house[1] ~= ARGV[1] or house[2] ~= ARGV[2] then return {{'stale', house[2]}} end
if redis.call('ZSCORE', KEYS[6], ARGV[3] .. ' ') then return {{'ok'}} end
{_COUNTED}
redis.call('ZADD', KEYS[6], change, ARGV[3] .. ' ')
local removed = {{'', ARGV[3], '0', ''}}
{_LISTED}
return {{'ok'}}
""")

# KEYS: head, log, bodies, causes, the counter of changes, the set of changed sessions, NOTES. ARGV: owner, epoch, term,
# how often the log's end was lost, session.
BEGIN_ANEW = LuaScript(
    """#!lua flags=allow-oom
local term = redis.call('HGET', KEYS[1], 'term')
if term and tonumber(ARGV[3]) <= tonumber(term) then return {'stale', term} end
"""
    + TAKEN_OUT
    + """
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', ARGV[2], 'term', ARGV[3], 'lost', ARGV[4],
  'offset', 0, 'first', 1, 'bodies', 0, 'causes', 0)
"""
    + _CHANGED
    + """
return {'ok'}
"""
)

# KEYS: the counter of changes, the set of changed sessions. ARGV: the change after which to read, the most sessions to
# return, the counter that this number belongs to (or empty). The script derives the heads' keys from the sessions'
# names, which Redis Cluster doesn't allow. A counter is identified by the time at which it began and by the server's
# run id: a server that was restarted may have loaded an older file.
CHANGED = LuaScript(
    f"""#!lua flags=no-writes
{_OF_SERVER}
local count = of_server('run_id:(%w+)') .. ' ' .. (redis.call('GET', '{BEGUN}') or '')
local after = tonumber(ARGV[1])
if ARGV[3] ~= '' and ARGV[3] ~= count or after > tonumber(redis.call('GET', KEYS[1]) or '0') then after = 0 end
local names = redis.call('ZRANGE', KEYS[2], string.format('(%.0f', after), '+inf', 'BYSCORE',
  'LIMIT', 0, ARGV[2], 'WITHSCORES')
local found = {{}}
for n = 1, #names, 2 do
  after = tonumber(names[n + 1])
  found[#found + 1] = {{names[n], redis.call('HGETALL', 'moothall:{{' .. names[n] .. '}}:head')}}
end
return {{string.format('%.0f', after), found, count}}
""",
    writes=False,
)
