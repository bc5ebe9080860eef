"""The index of the lines of all sessions, as the services use it.

A module by itself, so that neither the search nor the feeding of the index knows which library holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.search.choosing import FindChoice, SearchedSession
from moothall.core.search.lines import SearchFold, Shelf, Strand


class IndexBusy(MoothallError):
    """Too many searches wait. The next may succeed."""


class Whereabouts(NamedTuple):
    """What is known of a session beside its log."""

    room: str
    """The id of its room; empty where none is planned."""
    day: date | None
    """The day on which it began, by the clock of the conference."""


class SoughtIn(msgspec.Struct, frozen=True, kw_only=True):
    """What is sought, and where."""

    shelf: Shelf
    expression: str
    where: Mapping[SessionId, Whereabouts]
    """The sessions in which the visitor may find something."""
    choice: FindChoice
    speaker_of: Callable[[SessionId, SpeakerId], str]
    """The value by which finds of a speaker are chosen."""
    limit: int
    skipped: int


class FoundLine(NamedTuple):
    """A line that was found. Its text is in the log."""

    session: SearchedSession
    strand: Strand
    segment: SegmentId
    offset: int
    """Offset of the event that has its text."""
    t0: int
    t1: int


class Finds(NamedTuple):
    """A page of finds, and how many there are."""

    total: int
    kinds: Mapping[str, Mapping[str, int]]
    """The number of finds by kind and value (`moothall.core.search.choosing.count`)."""
    lines: tuple[FoundLine, ...]


class BesideIndex(Protocol):
    """Something else that is made of the lines of the index: it lags behind, and loses with the index what is removed.
    Every method may raise StorageUnavailable.
    """

    async def lacks(self, known: Mapping[SessionId, SearchedSession]) -> SessionId | None:
        """A session of which something has to be written or taken out now; `known` are those that may be searched."""
        ...

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        """Write the lines of a fold, a piece at a time; stop and return False once `still` returns False. What was
        written stays, and the next call goes on from there.
        """
        ...

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take out the lines whose texts stood at these offsets."""
        ...

    async def drop(self, session: SessionId) -> None:
        """Take out a session."""
        ...


class SimilarLines(Protocol):
    """Finds lines by what they mean."""

    async def find(self, text: str, shelf: Shelf, where: Mapping[SessionId, SearchedSession]) -> tuple[FoundLine, ...]:
        """Lines of these sessions that are like a question, those most like it first; none while that can't be told."""
        ...


class SearchIndex(Protocol):
    """The index. It may be lost at any time, and begins anew then. Every method may raise StorageUnavailable."""

    async def open(self) -> bool:
        """Open what isn't open. Returns whether anything was opened since this last returned: it may lack what it had
        before.
        """
        ...

    def known(self) -> dict[SessionId, SearchedSession]:
        """What the index knows of each of its sessions, once it is open and `open` has said so."""
        ...

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        """Make the index hold the lines of a fold and no others of that session, on its shelf alone; stop and return
        False once `still` returns False.
        """
        ...

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take out the lines whose texts stood at these offsets; no file has them when this returns."""
        ...

    async def drop(self, session: SessionId) -> None:
        """Take out a session; no file has anything of it when this returns."""
        ...

    async def holds(self, fold: SearchFold) -> bool:
        """Whether the index holds the lines of a fold, and no others of that session, on its shelf alone."""
        ...

    async def tidy(self) -> bool:
        """Make the index smaller and quicker by a step. Returns whether there is more to do."""
        ...

    async def faults(self) -> Mapping[Shelf, str]:
        """What is wrong within the index, by shelf."""
        ...

    async def find(self, wanted: SoughtIn) -> Finds:
        """Find lines. Raises IndexBusy."""
        ...
