"""Connections of which nothing is being answered: whoever comes when there is no place gets that of one of them.

So nobody keeps places by holding connections, however many: what a request needs is a moment. First those give way that
were answered and may ask again (a browser dials anew without a word), then those whose request isn't whole, and last
those who don't read what they were answered. Of each kind the address with the most gives way, with the one that has
waited longest.

Whoever has the most waiting connections gets another one only for one that has waited for `PATIENCE_S`, or when their
request is whole. Who dials again as soon as they are cut would keep the server busy with nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import IntEnum
from typing import Protocol

Name = bytes | None
"""Whose a connection is, as `places.Places.name_of` tells addresses apart; None: a proxy's, and nobody knows."""


PATIENCE_S = 2.0
"""How long a connection may wait before it gives way to anybody: to send a request takes less."""


class Wait(IntEnum):
    """What a connection waits for, in the order in which they give way."""

    NEXT = 0
    """For another request: the last one was answered."""
    WHOLE = 1
    """For a request, or for the rest of it."""
    READ = 2
    """For somebody to read the answer."""


class Waiting(Protocol):
    """A connection, as this needs it."""

    @property
    def unread(self) -> bool:
        """Whether there is an answer that isn't read."""
        ...

    @property
    def asked(self) -> bool:
        """Whether a request has begun, and has a place among those that are answered."""
        ...

    def give_way(self) -> None:
        """End, and give its places back at once."""
        ...


class WaitingConnections:
    """All of a server. Bound: the places that there are."""

    def __init__(self) -> None:
        self._there: tuple[dict[Name, OrderedDict[Waiting, None]], ...] = ({}, {}, {})
        """By what they wait for and whose they are; whoever has waited longest first."""
        self._known: dict[Waiting, tuple[Wait, Name, float]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def put(self, connection: Waiting, wait: Wait, name: Name, now: float) -> None:
        """It waits from `now` on (s), and for this; where it did already it is the youngest again."""
        self.remove(connection)
        self._known[connection] = wait, name, now
        self._there[wait].setdefault(name, OrderedDict())[connection] = None

    def remove(self, connection: Waiting) -> None:
        """It is answered, or gone. To say so twice changes nothing."""
        known = self._known.pop(connection, None)
        if known is None:
            return
        wait, name, _ = known
        group = self._there[wait][name]
        del group[connection]
        if not group:
            del self._there[wait][name]

    def make_room(self, newcomer: Name, now: float, *, own: bool = False, whole: bool = False) -> bool:
        """Have one give way to a newcomer, with `own` one of its own address; whether one did.

        `whole`: the newcomer's request is there, and goes before those that aren't whole, however short they wait.
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
        """Have another one of the address give way whose request has begun and isn't whole; whether one did."""
        for each in self._there[Wait.WHOLE].get(name, ()):
            if now - self._known[each][2] < PATIENCE_S:
                return False
            if each.asked:
                self._end(each)
                return True
        return False

    def _end(self, connection: Waiting) -> None:
        self.remove(connection)
        connection.give_way()

    def _first_read(self, group: OrderedDict[Waiting, None], name: Name, now: float) -> Waiting | None:
        """The first of which the answer was read; the others before it wait for that from now on."""
        unread, found = list[Waiting](), None
        for each in group:
            if not each.unread:
                found = each
                break
            unread.append(each)
        for each in unread:
            self.put(each, Wait.READ, name, now)
        return found
