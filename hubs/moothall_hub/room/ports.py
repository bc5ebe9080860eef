"""The parts of a hub that the coordinator's desk and the room use, as protocols and values.

Their fakes are in `tests/support/hubs/desk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.kernel.times import Zone
from moothall.core.ports import Book, Clock, Randomness
from moothall.core.sessions.state import State
from moothall.wire.hubs.acts import AnyAct
from moothall.wire.hubs.messages import Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.outbox.outbox import ActStatus, WaitingAct


class UplinkHealthState(StrEnum):
    """The state of the uplink to the server above."""

    UNPAIRED = "unpaired"
    """This computer was never paired: nobody has typed the six words."""
    GOOD = "good"
    DOWN = "down"
    """There is no connection; the hub dials again and again."""
    REFUSED = "refused"
    """The server above refuses: the key is no longer valid, another machine speaks for this hub, or the uplinks would
    form a loop."""


class Saving(StrEnum):
    """What is left out today so that the data budget lasts."""

    NOTHING = "nothing"
    WORDS = "words"
    """Partial words are left out; only finished lines are sent."""
    LANGUAGES = "languages"
    """Partial words and all languages but one are left out."""


class UplinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The uplink in figures."""

    state: UplinkHealthState
    since: int
    """Since when it has this state, in Unix ms of the meeting's clock."""
    reason: str = ""
    """Why the server above refuses, as a sentence in English; empty in any other state."""
    delay_ms: int | None = None
    """The median round-trip time on the uplink, in ms; None where it is not known."""
    acts_waiting: int = 0
    """How many acts of the room the server above has not answered."""
    events_missing: int = 0
    """How many events are known to be missing."""
    bytes_today: int = 0
    """Bytes sent and received today on the socket."""
    budget: int | None = None
    """Bytes a day; None: there is no limit."""
    saving: Saving = Saving.NOTHING
    clock_difference_ms: int = 0
    """How far this computer's own clock is ahead of the meeting's, in ms; negative where it is behind."""
    storing: bool = True
    """Whether the disk can store what the uplink brings."""


class Uplink(Protocol):
    """Reports the state of the uplink."""

    def health(self) -> UplinkHealth:
        """The state and figures of the uplink at this moment."""
        ...


class HubFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub knows of itself. All fields are empty before it is paired."""

    name: str = ""
    """The name under which the server above knows it; lanes and origins contain it."""
    title: str = ""
    """The name that people see."""
    zone: Zone | None = None
    """The conference's time zone."""
    address: str = ""
    """The conference's own public web address, which pages show."""


class ChosenSessions(Protocol):
    """The coordinator's choice of sessions and languages; it survives a restart."""

    def get(self) -> SessionChoice:
        """The choice that is in force."""
        ...

    async def set(self, choice: SessionChoice, /) -> None:
        """Store a choice and apply it. Raises StorageUnavailable."""
        ...


class RoomActs(Protocol):
    """The acts of the room, kept on disk until the server above has answered them."""

    async def put(self, session: SessionId, act_id: CommandId, hub: str, act: AnyAct, at: int, /) -> None:
        """Store an act; it is durable when this returns. Storing the same id again changes nothing. Raises
        StorageUnavailable.

        `hub` is empty for this hub's own room; `at` is in Unix ms of the meeting's clock.
        """
        ...

    async def waiting(self, session: SessionId, /) -> Sequence[WaitingAct]:
        """All unanswered acts of a session, oldest first. Raises StorageUnavailable."""
        ...

    async def state(self, act_id: CommandId, /) -> ActStatus | None:
        """The state of an act; None for one that was never put. Refusals are kept. Raises StorageUnavailable."""
        ...

    async def states(self, act_ids: Collection[CommandId], /) -> Mapping[CommandId, ActStatus]:
        """The states of these acts, read at once, without acts that were never put. Raises StorageUnavailable."""
        ...

    def when_answered(self, told: Callable[[CommandId], None], /) -> None:
        """Call `told` with the id of each act once it has its final answer. `told` must not block."""
        ...


class RoomParts(msgspec.Struct, frozen=True, kw_only=True):
    """What each part of a hub's room (`questions`, `presence`, `hands`) needs of the rest of the hub."""

    book: Book
    outbox: RoomActs
    meetings: Meetings
    clock: Clock
    randomness: Randomness
    node: str
    """The name of this installation, so that the counts of two machines of one hub are kept apart."""
    up: Callable[[], bool] = lambda: True
    """Whether the uplink is good."""


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that accepts nothing more, since its bytes differ from what the centre wrote."""

    session: SessionId
    lane: Lane | None
    offset: int | None
    """The first event that differs; None when it is not known."""
    reason: str
    """What is wrong, as a sentence in English."""


class Meetings(Protocol):
    """The sessions that this hub copies, and those that it could copy."""

    def programme(self) -> Sequence[Offered]:
        """What the server above offered last."""
        ...

    async def state(self, session: SessionId, /) -> State | None:
        """A session's state according to its public lanes; None where there is no copy. Raises StorageUnavailable."""
        ...

    async def notes(self, session: SessionId, /) -> Sequence[HubNote]:
        """The notes to and from this hub, oldest first. Raises StorageUnavailable."""
        ...

    async def checked(self, session: SessionId, /) -> bool:
        """Whether a signature vouches for all of the copy. Raises StorageUnavailable."""
        ...

    async def stuck(self) -> Sequence[Stuck]:
        """The copies that accept nothing more. Raises StorageUnavailable."""
        ...

    async def fetch_again(self, session: SessionId, /) -> None:
        """Drop the copy and follow the session from its first event on. Raises StorageUnavailable."""
        ...
