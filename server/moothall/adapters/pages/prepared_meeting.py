"""What a meeting is to answer, ready for a page: its policy questions with their pages, objectives, the meetings that
feed it, and the report of what it answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.ids import SessionId


class PreparedQuestion(msgspec.Struct, frozen=True):
    """A policy question of a meeting."""

    text: str
    language: str
    """BCP-47 tag; empty where it isn't known."""
    address: str
    """Its page; empty for one that only this meeting has."""


class SentText(msgspec.Struct, frozen=True):
    """A message or an open question that one meeting has for another."""

    what: str
    """What it is, in words."""
    text: str
    language: str
    """BCP-47 tag."""
    direction: str


class OtherMeeting(msgspec.Struct, frozen=True):
    """A meeting that prepares another, or is prepared by it."""

    address: str
    title: str
    language: str
    """BCP-47 tag of the title; empty for a placeholder."""
    sent: str = ""
    """What it has for the other, in words."""
    texts: tuple[SentText, ...] = ()
    """The same one by one."""


class PreparedMeeting(msgspec.Struct, frozen=True):
    """What a meeting is to answer, ready for a page."""

    questions: tuple[PreparedQuestion, ...]
    objectives: tuple[str, ...]
    feeders: tuple[OtherMeeting, ...]
    """The meetings that feed it."""
    feeds: OtherMeeting | None
    """The main meeting that it feeds."""
    report: str = ""
    """The page of its published report; empty where there is none."""

    @property
    def asks(self) -> bool:
        """Whether anything was prepared for the meeting."""
        return bool(self.questions or self.objectives or self.feeders or self.feeds)


PreparedOf = Callable[[SessionId, Catalogue], Awaitable[PreparedMeeting | None]]
"""Returns what a meeting is to answer, with addresses that keep the page's language; None for nothing."""


async def nothing_prepared(_: SessionId, __: Catalogue) -> PreparedMeeting | None:
    """Return None: for a house without a register."""
    return None
