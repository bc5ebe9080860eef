"""What the coordinator's desk asks of the rest of a hub, and nothing more.

Their fakes are in `tests/support/hubs/desk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.kernel.times import Zone
from moothall.core.ports import Book, Clock, Randomness
from moothall.core.session.state import State
from moothall.core.staff.notes_and_tags import HubNote
from moothall.wire.hub.messages import AnyAct, Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.outbox.outbox import ActStatus, WaitingAct


class LineState(StrEnum):
    """How the line to the server above stands."""

    UNPAIRED = "unpaired"
    """This computer was never connected: nobody has typed the six words."""
    GOOD = "good"
    DOWN = "down"
    """It is dialled again and again."""
    REFUSED = "refused"
    """The key isn't good any more, another machine speaks for this hub, or the line would go round in a loop."""


class Saving(StrEnum):
    """What is left out today, so that the budget lasts."""

    NOTHING = "nothing"
    WORDS = "words"
    """Finished lines only."""
    LANGUAGES = "languages"
    """And one language only."""


class LineHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The line in figures."""

    state: LineState
    since: int
    """Since when it stands so; Unix ms of the meeting's clock."""
    reason: str = ""
    """Why it is refused, a sentence in English; empty in any other state."""
    delay_ms: int | None = None
    """How long a question and its answer take on the line, median; None where that isn't known."""
    acts_waiting: int = 0
    """What the room did that the server above has not answered."""
    events_missing: int = 0
    """Events that are known to be missing still."""
    bytes_today: int = 0
    """Both ways, on the socket."""
    budget: int | None = None
    """Bytes a day; None: as many as it takes."""
    saving: Saving = Saving.NOTHING
    clock_difference_ms: int = 0
    """How far this computer's own clock is ahead of the meeting's; negative where it is behind."""
    storing: bool = True
    """Whether the disk can store what the uplink brings."""


class Uplink(Protocol):
    """The line as it stands."""

    def health(self) -> LineHealth:
        """Now."""
        ...


class HubFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub knows of itself. Before it is paired all of it is empty."""

    name: str = ""
    """As the server above knows it; it stands in lanes and origins."""
    title: str = ""
    """What people call it."""
    zone: Zone | None = None
    """The conference's time zone."""
    address: str = ""
    """The conference's own public address, for people."""


class Wanted(Protocol):
    """The coordinator's choice; it survives a restart."""

    def get(self) -> SessionChoice:
        """As it stands."""
        ...

    async def set(self, choice: SessionChoice, /) -> None:
        """Keep it, and follow it from now on. Raises StorageUnavailable."""
        ...


class RoomActs(Protocol):
    """What the room did, on disk until the server above has it."""

    async def put(self, session: SessionId, act_id: CommandId, hub: str, act: AnyAct, at: int, /) -> None:
        """Keep an act; durable when it returns. The same id again changes nothing. Raises StorageUnavailable.

        `hub` is empty for this hub's own room; `at` is Unix ms of the meeting's clock.
        """
        ...

    async def waiting(self, session: SessionId, /) -> Sequence[WaitingAct]:
        """All acts of a session that were not answered, oldest first. Raises StorageUnavailable."""
        ...

    async def state(self, act_id: CommandId, /) -> ActStatus | None:
        """Where an act stands; None for one that was never put. Refusals stay. Raises StorageUnavailable."""
        ...

    async def states(self, act_ids: Collection[CommandId], /) -> Mapping[CommandId, ActStatus]:
        """Where each of these stands, read at once; without those that were never put. Raises StorageUnavailable."""
        ...

    def when_answered(self, told: Callable[[CommandId], None], /) -> None:
        """From now on tell of each act that has its answer for good. It must not wait."""
        ...


class RoomParts(msgspec.Struct, frozen=True, kw_only=True):
    """What each part of a hub's room keeps its own with (`questions`, `presence`, `hands`)."""

    book: Book
    outbox: RoomActs
    meetings: Meetings
    clock: Clock
    randomness: Randomness
    node: str
    """This installation's name, so that what one machine counted isn't taken for another's."""
    up: Callable[[], bool] = lambda: True
    """Whether the uplink is good."""


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of which nothing more is taken, since what came isn't what was written."""

    session: SessionId
    lane: Lane | None
    offset: int | None
    """The event at which it shows."""
    reason: str
    """A sentence in English."""


class Meetings(Protocol):
    """The sessions that this hub has, and those that it could have."""

    def programme(self) -> Sequence[Offered]:
        """What the server above offers, as it was told last."""
        ...

    async def state(self, session: SessionId, /) -> State | None:
        """A session as its public lanes tell, and None where there is no copy. Raises StorageUnavailable."""
        ...

    async def notes(self, session: SessionId, /) -> Sequence[HubNote]:
        """The notes to and from this hub, oldest first. Raises StorageUnavailable."""
        ...

    async def checked(self, session: SessionId, /) -> bool:
        """Whether a signature vouches for all of the copy. Raises StorageUnavailable."""
        ...

    async def stuck(self) -> Sequence[Stuck]:
        """The copies of which nothing more is taken. Raises StorageUnavailable."""
        ...

    async def fetch_again(self, session: SessionId, /) -> None:
        """Drop the copy and follow the session from its first event on. Raises StorageUnavailable."""
        ...
