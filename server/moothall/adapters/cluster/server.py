"""A client that sends commands and scripts to one Redis or Valkey server, and that knows after each error what may have
happened.

redis-py's own client sends a command again when a connection breaks, which may store it twice. This client therefore
uses only the library's connections, keeps track of whether anything was sent, and never sends a command twice.

After an error reply it is known that nothing was done. The reply's text is never passed on: it may hold arguments, and
arguments may hold words that people said.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from moothall.adapters.cluster.address import RedisAddress
from moothall.adapters.cluster.scripts import LuaScript
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable

if TYPE_CHECKING:
    from redis.asyncio.connection import Connection  # Imported at run time only where it is used.

CONNECTIONS = 16
"""The most connections; further commands wait for a free one."""
WAITING = 1024
"""The most commands that are sent or waiting at a time. Further ones are refused with StorageUnavailable."""
CONNECT_S = 1.0
"""Time limit, in s, for connecting and authenticating; after that the command is refused."""
ANSWER_S = 2.0
"""Time limit, in s, for an answer; after that the outcome is unknown. The keeper gives up its lease after the same
time."""

_REFUSED = {
    "OOM": "has no memory left (maxmemory). Give it more, or have closed meetings trimmed",
    "MISCONF": "can't write its files. Is its disk full? Its log says more",
    "READONLY": "is a replica, which takes no writes. Name the primary",
    "LOADING": "is still reading its files",
    "CLUSTERDOWN": "is part of a cluster that is down",
    "MASTERDOWN": "is a replica that has lost its primary",
    "NOREPLICAS": "has fewer replicas than it has to have (min-replicas-to-write)",
    "BUSY": "is held up by somebody's script",
    "MOVED": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "ASK": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "CROSSSLOT": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "TRYAGAIN": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "NOAUTH": "asks for a password. Name the file that holds it",
    "WRONGPASS": "refuses the user or the password",
    "NOPERM": "doesn't permit the user what Moothall needs. docs/reference/redis.md lists it",
    "NOSCRIPT": "forgets its scripts while they are used",
}
_CODE = re.compile(r"[A-Z][A-Z0-9]+")
Argument = str | bytes | int


class RedisServer:
    """One server and its connections. Belongs to the event loop that uses it; needs the extra `cluster`."""

    def __init__(
        self,
        address: RedisAddress,
        *,
        connections: int = CONNECTIONS,
        waiting: int = WAITING,
        connect_s: float = CONNECT_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.address = address
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._room = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
        self._most = waiting
        self.asked = 0
        """Commands that are waiting or not yet answered."""
        self._closed = False

    async def read(self, *command: Argument, answer_s: float | None = None) -> Any:
        """Run a command that changes nothing of importance, and return its answer, with texts as bytes.

        Raises StorageUnavailable.
        """
        return await self._ask(command, writes=False, answer_s=answer_s)

    async def write(self, *command: Argument) -> Any:
        """Run a command that stores something. Raises StorageUnavailable, and OutcomeUnknown when no answer came."""
        return await self._ask(command, writes=True)

    async def run(self, script: LuaScript, keys: Sequence[str], *arguments: Argument) -> Any:
        """Run a script. Raises as `write` does, or as `read` does for a script that only reads."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self._ask(("EVALSHA", script.digest, *rest), writes=script.writes)
        except _Forgotten:  # Redis was restarted, or somebody flushed its script cache.
            return await self._ask(("EVAL", script.text, *rest), writes=script.writes)

    async def close(self) -> None:
        """Close the connections. Every later command is refused with StorageUnavailable."""
        self._closed = True
        while self._idle:
            await self._idle.pop().disconnect(nowait=True)

    async def _ask(self, command: Sequence[Argument], *, writes: bool, answer_s: float | None = None) -> Any:
        if self.asked >= self._most:
            msg = f"Redis at {self.address.name} can't keep up: {self.asked} acts wait for it. Nothing was stored."
            raise StorageUnavailable(msg)
        self.asked += 1
        try:
            async with self._room:
                if self._closed:
                    raise StorageUnavailable(f"The connections to Redis at {self.address.name} are closed.")
                connection = self._idle.pop() if self._idle else self._made()
                try:
                    await self._connect(connection)
                    return await self._answer(connection, command, writes, answer_s or self._answer_s)
                finally:
                    if self._closed:
                        await connection.disconnect(nowait=True)
                    else:
                        self._idle.append(connection)
        finally:
            self.asked -= 1

    def _made(self) -> Connection:
        from redis.asyncio.connection import Connection, SSLConnection

        there = self.address
        options: dict[str, Any] = {
            "host": there.host,
            "port": there.port,
            "db": there.database,
            "username": there.user or None,
            "password": there.password or None,
            "protocol": 2,
            "client_name": "moothall",
            "driver_info": None,
            "socket_timeout": None,  # `_answer` has one time limit for sending and answer.
            "socket_connect_timeout": self._connect_s,
        }
        if not there.tls:
            return Connection(**options)
        authorities = None if there.authorities is None else str(there.authorities)
        return SSLConnection(ssl_cert_reqs="required", ssl_check_hostname=True, ssl_ca_certs=authorities, **options)

    async def _connect(self, connection: Connection) -> None:
        """Connect and authenticate. Raises StorageUnavailable, after which nothing was sent."""
        from redis.exceptions import AuthenticationError, RedisError, ResponseError

        where = self.address.name
        try:
            async with asyncio.timeout(self._connect_s):
                if connection.is_connected and await connection.can_read():
                    await connection.disconnect(nowait=True)  # Closed by the server while nobody used it.
                await connection.connect()  # type: ignore[no-untyped-call]
        except (AuthenticationError, ResponseError) as error:
            await connection.disconnect(nowait=True)
            raise refused(where, error, writes=False) from error
        except (RedisError, OSError) as error:  # asyncio's TimeoutError is an OSError
            await connection.disconnect(nowait=True)
            told = code_of(error)
            raise (
                refused(where, error, writes=False) if told == "LOADING" else unreachable(where, _kind(error))
            ) from error

    async def _answer(self, connection: Connection, command: Sequence[Argument], writes: bool, within_s: float) -> Any:
        from redis.exceptions import AuthenticationError, BusyLoadingError, NoScriptError, RedisError, ResponseError

        where = self.address.name
        try:
            async with asyncio.timeout(within_s):
                await connection.send_command(*command)
                return await connection.read_response()
        except NoScriptError:
            raise _Forgotten from None
        except (ResponseError, BusyLoadingError, AuthenticationError) as error:
            raise refused(where, error, writes=writes) from error
        except (RedisError, OSError) as error:
            await connection.disconnect(nowait=True)
            raise unanswered(where, _kind(error), writes=writes) from error
        # When this is cancelled the library closes the connection: a later command would read this one's answer.


class _Forgotten(Exception):
    """Redis no longer has the script in its cache (NOSCRIPT)."""


def _kind(error: Exception) -> str:
    """The reason of an error in words that hold no text of the library or the server."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "it took too long"
    return (cause.strerror if isinstance(cause, OSError) else None) or "the connection broke"


def code_of(error: Exception) -> str:
    """The error code that begins a reply of Redis, such as `OOM`; `ERR` where there is none."""
    told = getattr(error, "status_code", None)
    found = _CODE.match(told if isinstance(told, str) else str(error))
    return found[0] if found else "ERR"


def refused(where: str, error: Exception, *, writes: bool) -> StorageUnavailable:
    """The project's error for an error reply of the server `where`."""
    code = code_of(error)
    if code in _REFUSED:
        return StorageUnavailable(f"Redis at {where} {_REFUSED[code]}. Nothing was stored.")
    sentence = f"Redis at {where} answered with an error ({code}) that nothing was prepared for; its log may say more."
    # A script that failed half-way has carried out its first half.
    return OutcomeUnknown(sentence) if writes else StorageUnavailable(sentence)


def unreachable(where: str, why: str) -> StorageUnavailable:
    """The error for a server that can't be reached; nothing was sent."""
    return StorageUnavailable(f"Redis at {where} can't be reached ({why}). Nothing was stored.")


def unanswered(where: str, why: str, *, writes: bool) -> StorageUnavailable:
    """The error for a command that was sent and got no answer."""
    if writes:
        return OutcomeUnknown(f"Redis at {where} gave no answer ({why}): it may have stored what it was sent, or not.")
    return StorageUnavailable(f"Redis at {where} gave no answer ({why}).")
