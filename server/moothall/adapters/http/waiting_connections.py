"""Idle connections: when no slot is free, a new connection gets the slot of an idle one.

So nobody can occupy the slots by holding connections, however many, since handling a request takes only a moment.
Connections give way in this order: those whose last request was answered (a browser reconnects silently), those whose
request is incomplete, and those whose client doesn't read the answer. Within each kind the address with the most
connections gives way, with the connection that has waited longest.

The address that has the most waiting connections itself gets another slot only from a connection that has waited for
`PATIENCE_S`, or when its own request has arrived in full. Otherwise a client that reconnects whenever it is cut would
keep the server busy with that alone.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import IntEnum
from typing import Protocol

Name = bytes | None
"""The keyed hash of a connection's address (`slots.Slots.name_of`); None for a proxy's connection."""


PATIENCE_S = 2.0
"""How long, in s, a connection may wait before it gives way to anybody; sending a request takes less."""


class Wait(IntEnum):
    """What a connection waits for, in the order in which connections give way."""

    NEXT = 0
    """Another request: the last one was answered."""
    WHOLE = 1
    """A request, or the rest of one."""
    READ = 2
    """The client's reading of the answer."""


class WaitingConnection(Protocol):
    """A connection, as this module needs it."""

    @property
    def unread(self) -> bool:
        """Whether part of an answer isn't sent yet, because the client doesn't read."""
        ...

    @property
    def asked(self) -> bool:
        """Whether a request has begun and holds a request slot."""
        ...

    def give_way(self) -> None:
        """Close, and release all slots at once."""
        ...


class WaitingConnections:
    """All idle connections of a server. Bound: the slots."""

    def __init__(self) -> None:
        self._there: tuple[dict[Name, OrderedDict[WaitingConnection, None]], ...] = ({}, {}, {})
        """For each `Wait`: connections by name, the one that has waited longest first."""
        self._known: dict[WaitingConnection, tuple[Wait, Name, float]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def put(self, connection: WaitingConnection, wait: Wait, name: Name, now: float) -> None:
        """Note that a connection waits since `now` (s) for `wait`. One that waits already becomes the youngest."""
        self.remove(connection)
        self._known[connection] = wait, name, now
        self._there[wait].setdefault(name, OrderedDict())[connection] = None

    def remove(self, connection: WaitingConnection) -> None:
        """Remove a connection that is being answered or is closed. A second call changes nothing."""
        known = self._known.pop(connection, None)
        if known is None:
            return
        wait, name, _ = known
        group = self._there[wait][name]
        del group[connection]
        if not group:
            del self._there[wait][name]

    def make_room(self, newcomer: Name, now: float, *, own: bool = False, whole: bool = False) -> bool:
        """Make one connection give way to a newcomer; return whether one did. `own`: only one of the newcomer's own
        address.

        `whole`: the newcomer's request has arrived in full, and takes precedence over incomplete requests however short
        they have waited.
        """
        for wait in Wait:
            groups = self._there[wait]
            name = newcomer if own else max(groups, key=lambda each: len(groups[each]), default=None)
            group = groups.get(name, OrderedDict())
            first = self._first_read(group, name, now) if wait is Wait.NEXT else next(iter(group), None)
            if first is None:
                continue
            at_once = wait is Wait.NEXT or (whole and wait is Wait.WHOLE)
            fewer = not own and len(groups.get(newcomer, ())) + 1 < len(group)
            if at_once or fewer or now - self._known[first][2] >= PATIENCE_S:
                self._end(first)
                return True
        return False

    def make_room_for_request(self, name: Name, now: float) -> bool:
        """Make another connection of the address give way whose request has begun and is incomplete; return whether one
        did.
        """
        for each in self._there[Wait.WHOLE].get(name, ()):
            if now - self._known[each][2] < PATIENCE_S:
                return False
            if each.asked:
                self._end(each)
                return True
        return False

    def _end(self, connection: WaitingConnection) -> None:
        self.remove(connection)
        connection.give_way()

    def _first_read(
        self, group: OrderedDict[WaitingConnection, None], name: Name, now: float
    ) -> WaitingConnection | None:
        """The oldest connection whose answer was sent in full; earlier ones are moved to `Wait.READ`."""
        unread, found = list[WaitingConnection](), None
        for each in group:
            if not each.unread:
                found = each
                break
            unread.append(each)
        for each in unread:
            self.put(each, Wait.READ, name, now)
        return found
