"""What is due, and for how long it has been listed.

A removal waits until it was listed for the notice's days. These are counted in time that passed while a server ran, at
most a day between two looks: a clock that jumps makes something due, but not unannounced.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.core.events.types import LogKind
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.retention.periods import DAY_MS, KeptKind
from moothall.core.sessions.state import ON, Status

MOST_REASON = 500
"""Characters of the reason why something is put off."""


class ListingTime(msgspec.Struct, frozen=True, kw_only=True):
    """For how long things could be seen in the list altogether."""

    passed: int = 0
    """Ms."""
    last: int = 0
    """Unix ms of the last look; 0: never."""

    def at(self, wall: int) -> ListingTime:
        """The time at another look."""
        more = min(max(0, wall - self.last), DAY_MS) if self.last else 0
        return ListingTime(passed=self.passed + more, last=wall)


class ListingNow(msgspec.Struct, frozen=True):
    """The moment of a look, in ms."""

    wall: int
    """Unix ms."""
    passed: int
    """`ListingTime.passed` at that moment."""
    notice: int
    """How long something is listed before it is removed."""


class KeptFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a session's log says, up to an offset."""

    epoch: Epoch
    offset: int
    status: Status = Status.ABSENT
    kind: LogKind = LogKind.SESSION
    about: SessionId | None = None
    """The session of a report; None for other logs."""
    commented_until: int | None = None
    """Until when a document takes comments, Unix ms; None for others, and for one that takes none."""
    rehearsal: bool = False
    at: int = 0
    """When the last event was written, Unix ms."""
    closed: int | None = None
    """When the close was written, Unix ms. An imported meeting was closed when it was imported."""
    kinds: frozenset[KeptKind] = frozenset()
    """What the log still holds."""


class PutOff(msgspec.Struct, frozen=True, kw_only=True):
    """A decision to keep something for longer."""

    until: int
    """Unix ms."""
    reason: str
    by: str
    """The pseudonym of who decided."""
    at: int
    """Unix ms."""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted of a session: facts of its log, what is listed since when, and what is put off."""

    facts: KeptFacts
    there: frozenset[KeptKind] = frozenset()
    """What is there: of the log, of stored sound, of the links."""
    listed: Mapping[KeptKind, int] = {}
    """`ListingTime.passed` when each kind came on the list."""
    put_off: Mapping[KeptKind, PutOff] = {}


class DueItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something on the list."""

    session: SessionId
    title: str
    kind: KeptKind
    due: int
    """Unix ms from which it need not be kept."""
    removed: int
    """Unix ms at which it is removed at the earliest, if the server runs until then."""
    put_off: PutOff | None = None


class DueList(msgspec.Struct, frozen=True, kw_only=True):
    """The list of what is due."""

    notice_days: int
    """Days for which something is listed before it is removed."""
    items: tuple[DueItem, ...] = ()
    """The next to be removed first."""


def over_since(facts: KeptFacts, planned_end: int | None) -> int | None:
    """When a meeting was over, Unix ms; None while it is not. One that never opened is over at its planned end, or with
    the last change of it if that is later; so is a report, by its meeting's planned end, and a document, by the end of
    its comments. A call is over when it is closed: until then, proposals wait in it that nobody has decided on.
    """
    if facts.rehearsal or facts.status in ON or facts.status is Status.ABSENT:
        return None  # Rehearsals are erased as a whole.
    if facts.status is Status.CLOSED:
        return facts.at if facts.closed is None else facts.closed
    return None if facts.kind is LogKind.CALL else max(facts.at, planned_end or 0, facts.commented_until or 0)


def due_at(keeping: Keeping, kind: KeptKind, days: int | None, planned_end: int | None) -> int | None:
    """When a kind is due, Unix ms; None where it isn't kept or never is."""
    since = over_since(keeping.facts, planned_end)
    if since is None or days is None or kind not in keeping.there:
        return None
    put_off = keeping.put_off.get(kind)
    return max(since + days * DAY_MS, 0 if put_off is None else put_off.until)


def listed(keeping: Keeping, due: Mapping[KeptKind, int | None], now: ListingNow) -> Keeping:
    """The notes with the kinds on the list that are due within the notice's ms, and with no others."""
    on = {
        kind: keeping.listed.get(kind, now.passed)
        for kind, at in due.items()
        if at is not None and now.wall >= at - now.notice
    }
    return msgspec.structs.replace(keeping, listed=on)


def may_go(keeping: Keeping, kind: KeptKind, due: int | None, now: ListingNow) -> bool:
    """Whether a kind is due, and was listed for long enough."""
    since = keeping.listed.get(kind)
    return due is not None and since is not None and now.wall >= due and now.passed - since >= now.notice


def item_of(keeping: Keeping, of: tuple[SessionId, str], kind: KeptKind, due: int, now: ListingNow) -> DueItem:
    """A kind as the list shows it. `of`: the session and its title, which is in no note: it goes with a rehearsal."""
    session, title = of
    left = max(0, now.notice - (now.passed - keeping.listed.get(kind, now.passed)))
    return DueItem(
        session=session,
        title=title,
        kind=kind,
        due=due,
        removed=max(due, now.wall + left),
        put_off=keeping.put_off.get(kind),
    )
