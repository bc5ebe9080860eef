"""The house's book in Redis or Valkey, shared by all nodes: programme, links, hubs, ballots.

    moothall:book:{book}:head           a hash: owner, term; number of the last change; the last rank given to a key;
                                        the number of entries in each namespace
    moothall:book:{book}:of:NAMESPACE   a hash: key → the key's rank in the order of insertion, a space, the body
    moothall:book:{book}:changes        a stream: id CHANGE-0; the namespaces and keys written, never a body

A change names only what was written, and other nodes then read those entries. So a body that is taken out of the book
does not survive in the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moothall.adapters.cluster.scripts import NOTES, TAKEN_OUT, LuaScript
from moothall.adapters.cluster.server import RedisServer
from moothall.core.kernel.decoding import read_json
from moothall.core.kernel.errors import LogMissing, RecordBroken, StaleWriter, StorageUnavailable
from moothall.core.ports import BookChange, BookEntry

CHANGES = 10_000
"""The most changes that the stream keeps; a node that lags further behind reads the whole book."""
_PREFIX = "moothall:book:{book}:"
_HEAD, _CHANGES = f"{_PREFIX}head", f"{_PREFIX}changes"

# KEYS: head. ARGV: owner, term (empty: one more than the stored term), '1' where the book may be a new one.
_ACQUIRE = LuaScript("""#!lua flags=allow-oom
local head, term = redis.call('HMGET', KEYS[1], 'owner', 'term', 'change'), ARGV[2]
if not head[2] then
  if ARGV[3] ~= '1' then return {'missing'} end
  if term == '' then term = '1' end
  redis.call('HSET', KEYS[1], 'change', 0, 'next', 0)
elseif term == '' then
  if head[1] ~= ARGV[1] then return {'held', head[2]} end
  term = string.format('%.0f', tonumber(head[2]) + 1)
elseif tonumber(term) <= tonumber(head[2]) then
  return {'held', head[2]}
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'term', term)
return {'ok', term, head[3] or '0'}
""")

# KEYS: head, changes, one for each namespace, NOTES. ARGV: owner, term, how many changes to keep, the entries, the
# number of the last change. Each entry is five fields, each after its length in four bytes: the index of its namespace
# in KEYS, the namespace, the key, '1' to keep the entry or empty to take it out, the body.
_WRITE_TEXT = f"""
local head = redis.call('HMGET', KEYS[1], 'owner', 'term', 'change', 'next')
if not head[2] then return {{'missing'}} end
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return {{'stale', head[2]}} end
if head[3] ~= ARGV[5] then return {{'missing'}} end
local entries, changed, taken, at = {{}}, {{}}, false, 1
while at <= #ARGV[4] do
  local entry = {{}}
  for field = 1, 5 do entry[field], at = struct.unpack('>I4c0', ARGV[4], at) end
  local counted = tonumber(redis.call('HGET', KEYS[1], 'of:' .. entry[2]) or '0')
  if redis.call('HLEN', KEYS[tonumber(entry[1])]) ~= counted then return {{'missing'}} end
  entries[#entries + 1] = entry
  taken = taken or entry[4] ~= '1'
  changed[#changed + 1] = entry[2]
  changed[#changed + 1] = entry[3]
end
if #entries == 0 then return {{'ok'}} end
if taken then {TAKEN_OUT} end
local place, change = tonumber(head[4]), tonumber(head[3]) + 1
local written = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], string.format('%.0f-0', change),
  'w', cjson.encode(changed))
if type(written) == 'table' and written.err then return {{'missing'}} end
for _, entry in ipairs(entries) do
  local key = KEYS[tonumber(entry[1])]
  local old = redis.call('HGET', key, entry[3])
  if entry[4] ~= '1' then
    if old then redis.call('HINCRBY', KEYS[1], 'of:' .. entry[2], -redis.call('HDEL', key, entry[3])) end
  else
    local where = old and string.match(old, '^%d+')
    if not where then
      place = place + 1
      where = string.format('%.0f', place)
      redis.call('HINCRBY', KEYS[1], 'of:' .. entry[2], 1)
    end
    redis.call('HSET', key, entry[3], where .. ' ' .. entry[5])
  end
end
redis.call('HSET', KEYS[1], 'change', change, 'next', place)
return {{'ok'}}
"""
_WRITE = LuaScript("#!lua" + _WRITE_TEXT)
_TAKE_OUT = LuaScript("#!lua flags=allow-oom" + _WRITE_TEXT)
"""The same script for writes that only take entries out: it frees memory, so it may run when Redis has none left."""

# KEYS: head, the namespace's hash. ARGV: the namespace's name.
_READ = LuaScript(
    """#!lua flags=no-writes
local head = redis.call('HMGET', KEYS[1], 'term', 'of:' .. ARGV[1])
if not head[1] or redis.call('HLEN', KEYS[2]) ~= tonumber(head[2] or '0') then return {'missing'} end
return {'ok', redis.call('HGETALL', KEYS[2])}
""",
    writes=False,
)

# KEYS: head, changes. ARGV: the change after which to read, the most changes to return.
_FOLLOW = LuaScript(
    """#!lua flags=no-writes
local last = redis.call('HGET', KEYS[1], 'change')
if not last then return {'missing'} end
local after = tonumber(ARGV[1])
if after == tonumber(last) then return {'ok', {}} end
local found = redis.call('XRANGE', KEYS[2], string.format('%.0f-0', after + 1), '+', 'COUNT', ARGV[2])
if after > tonumber(last) or #found == 0 or tonumber(string.match(found[1][1], '^%d+')) ~= after + 1 then
  return {'behind'}
end
return {'ok', found}
""",
    writes=False,
)


# KEYS: head, changes, one for each namespace, NOTES. ARGV: owner, term, the number of the last change to start from, a
# pattern that matches the keys of all namespaces, the entries as above. All of it is one script: a keeper that ends in
# between would leave a book without entries, which all other nodes copy.
_BEGIN_ANEW = LuaScript(
    """#!lua
local term = redis.call('HGET', KEYS[1], 'term')
if term and tonumber(ARGV[2]) <= tonumber(term) then return {'held', term} end
"""
    + TAKEN_OUT
    + """
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[4], 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do redis.call('DEL', key) end
until cursor == '0'
redis.call('DEL', KEYS[1], KEYS[2])
local place, at = 0, 1
while at <= #ARGV[5] do
  local entry = {}
  for field = 1, 5 do entry[field], at = struct.unpack('>I4c0', ARGV[5], at) end
  place = place + 1
  redis.call('HSET', KEYS[tonumber(entry[1])], entry[3], string.format('%.0f ', place) .. entry[5])
  redis.call('HINCRBY', KEYS[1], 'of:' .. entry[2], 1)
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'term', ARGV[2], 'change', ARGV[3], 'next', place)
return {'ok'}
"""
)


class RedisBook:
    """The `SharedBook` of a node, in a shared Redis or Valkey server. Only the node that has acquired it writes."""

    def __init__(self, server: RedisServer, owner: str) -> None:
        """`owner`: this node's name."""
        self._server = server
        self._owner = owner
        self._term = 0
        self._change = 0
        """The number of this node's last write. A stored book with another number has lost its end."""
        self._closed = False

    async def acquire(self, term: int | None = None, *, new: bool = True) -> int:
        """Take the book over as its writer and return the term: the given `term`, or one more than the stored term.

        With `new`, create the book where there is none. Raises StaleWriter when `term` isn't higher than the stored
        term, or when another node owns the book and no term is given; LogMissing when there is no book and `new` is
        False.
        """
        self._refuse_when_closed()
        answer = await self._server.run(
            _ACQUIRE, [_HEAD], self._owner, "" if term is None else term, "1" if new else ""
        )
        if answer[0] == b"missing":
            raise _missing()
        if answer[0] != b"ok":
            raise _held(answer[1])
        self._term, self._change = int(answer[1]), int(answer[2])
        return self._term

    async def begin_anew(self, term: int, change: int, entries: Sequence[BookEntry]) -> None:
        """Replace what is left of a damaged book by these entries (`SharedBook`)."""
        self._refuse_when_closed()
        keys, packed = _packed(entries)
        answer = await self._server.run(_BEGIN_ANEW, keys, self._owner, term, change, _of("*"), packed)
        if answer[0] != b"ok":
            raise _held(answer[1])
        self._term, self._change = term, change

    async def namespaces(self) -> Sequence[str]:
        """Names of the namespaces that have entries, sorted (`Book`)."""
        self._refuse_when_closed()
        fields = await self._server.read("HGETALL", _HEAD)
        if not fields:
            raise _missing()
        counted = zip(fields[::2], fields[1::2], strict=True)
        return sorted(name[3:].decode() for name, many in counted if name.startswith(b"of:") and many != b"0")

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """All entries of a namespace by key, in the order in which the keys were first written (`Book`)."""
        self._refuse_when_closed()
        answer = await self._server.run(_READ, [_HEAD, _of(namespace)], namespace)
        if answer[0] != b"ok":
            raise _missing()
        fields = answer[1]
        try:
            found = [
                (int(number), key.decode(), body)
                for key, value in zip(fields[::2], fields[1::2], strict=True)
                for number, _, body in (value.partition(b" "),)
            ]
        except ValueError as error:
            raise RecordBroken("In Redis an entry of the book can't be read.") from error
        return {key: body for _, key, body in sorted(found)}

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Keep or take out entries, all of them or none; durable when it returns (`Book`).

        After OutcomeUnknown the caller acquires the book and reads it again.
        """
        self._refuse_when_closed()
        keys, packed = _packed(entries)
        script = _WRITE if any(entry.body is not None for entry in entries) else _TAKE_OUT
        answer = await self._server.run(script, keys, self._owner, self._term, CHANGES, packed, self._change)
        match answer:
            case [b"ok"]:
                self._change += bool(entries)
                return
            case [b"stale", held]:
                msg = f"Another node has taken over the book: its term is {int(held)}, not {self._term}."
                raise StaleWriter(msg)
        raise _missing()

    async def changes(self, after: int, limit: int = 1_000) -> Sequence[BookChange] | None:
        """Up to `limit` writes after the one with number `after`, oldest first.

        None when the stream no longer holds the next write, or `after` is higher than the last one: the caller then
        reads the whole book. Raises StorageUnavailable.
        """
        self._refuse_when_closed()
        answer = await self._server.run(_FOLLOW, [_HEAD, _CHANGES], after, limit)
        if answer[0] == b"missing":
            raise _missing()
        return None if answer[0] != b"ok" else [_change(identity, fields) for identity, fields in answer[1]]

    async def changed(self) -> int:
        """Number of the last write; 0 before the first. Raises StorageUnavailable."""
        self._refuse_when_closed()
        number = await self._server.read("HGET", _HEAD, "change")
        if number is None:
            raise _missing()
        return int(number)

    async def close(self) -> None:
        """Refuse every later call with StorageUnavailable (`Book`)."""
        self._closed = True

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The book is closed.")


def _packed(entries: Sequence[BookEntry]) -> tuple[list[str], bytes]:
    """The keys of a script that writes these entries, and the entries in the form in which it reads them."""
    namespaces = list(dict.fromkeys(entry.namespace for entry in entries))
    packed = b"".join(
        len(field).to_bytes(4, "big") + field
        for entry in entries
        for field in (
            str(3 + namespaces.index(entry.namespace)).encode(),
            entry.namespace.encode(),
            entry.key.encode(),
            b"" if entry.body is None else b"1",
            entry.body or b"",
        )
    )
    return [_HEAD, _CHANGES, *map(_of, namespaces), NOTES], packed


def _of(namespace: str) -> str:
    return f"{_PREFIX}of:{namespace}"


def _change(identity: bytes, fields: Sequence[bytes]) -> BookChange:
    try:
        named = read_json(fields[1], list[str])
        return BookChange(int(identity.split(b"-")[0]), tuple(zip(named[::2], named[1::2], strict=True)))
    except ValueError as error:
        raise RecordBroken("In Redis a change of the book can't be read.") from error


def _held(term: bytes) -> StaleWriter:
    return StaleWriter(f"The book is held by another node with term {int(term)}; it is taken over with a higher one.")


def _missing() -> LogMissing:
    return LogMissing(
        "Redis has lost the book, or a part of it. Nothing was stored; it has to be filled again from a copy."
    )
