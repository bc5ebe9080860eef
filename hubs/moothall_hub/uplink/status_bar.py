"""What every page of a hub says of its line, in one sentence, and of what was missed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from moothall.adapters.pages.texts import ErrorText
from moothall.core.kernel.ids import ChannelId, SessionId

MISSED_MS = 60_000
"""Shorter than this nobody has to be told of what was missed: it stands a few lines above."""


class UplinkStatus(StrEnum):
    """The uplink's status as readers see it."""

    UNPAIRED = "unpaired"
    """It belongs to no meeting yet."""
    BEGINNING = "beginning"
    """It has been started and isn't connected yet."""
    GOOD = "good"
    DOWN = "down"
    FENCED = "fenced"
    """Another machine speaks for this hub now."""
    REFUSED = "refused"
    """The server above refuses it, and will until somebody does something."""


class LineNow(msgspec.Struct, frozen=True, kw_only=True):
    """The line as it stands."""

    state: UplinkStatus
    since: int | None = None
    """Since when, Unix ms of the centre's clock."""
    reason: str = ""
    """Where it is refused: the sentence that says why, in English."""
    storing: bool = True
    """Whether this computer's disk can store what the uplink brings."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A span of a session that came after what was said behind it."""

    begin: int
    """Media ms of its first line."""
    end: int
    """Where its last one ends."""

    @property
    def minutes(self) -> int:
        """How long it is, at least 1."""
        return max(1, round((self.end - self.begin) / 60_000))


class CopyNow(msgspec.Struct, frozen=True, kw_only=True):
    """How the copy of one session stands, for its readers."""

    filling: bool = False
    """Whether something that was missed is coming still."""
    checking: bool = False
    """Whether what is there hasn't been vouched for yet: for longer than the next signature takes."""
    stopped: bool = False
    """Whether something came that isn't what was written: nothing more is taken."""
    missed: Missed | None = None
    """The last span that came late, long enough to be told of."""
    texts: frozenset[ChannelId] = frozenset()
    """Those that come; empty: it isn't known yet which."""


TEXTS: Mapping[str, str] = {
    "unpaired": "This computer is not connected to any meeting yet.",
    "beginning": "This computer is connecting to the meeting. What is here can be read meanwhile.",
    "good": "The line to the meeting is good.",
    "down": "The line has been down since {time}. What is here stays; it goes on by itself.",
    "fenced": "Another computer has taken the place of this one. What is here stays; nothing new comes.",
    "refused": "The meeting does not let this computer in at the moment. What is here stays.",
    "absent": ErrorText.NOT_HERE,
    "full": "This computer can't store anything at the moment. What is here stays; it goes on by itself.",
    "filling": "The line is back: you read what is said now. What was said meanwhile is still coming.",
    "checking": "The line is back. What came last is being checked.",
    "stopped": "What came over the line is not what was written, so nothing more of it is shown.",
}
"""Keys of the sentences, by kind."""
MISSED = "You missed {n} minute."
"""Counted."""
READ, SKIP = "Read it", "Skip it"


class StatusBar(msgspec.Struct, frozen=True, kw_only=True):
    """What the strip says."""

    kind: str
    """A key of TEXTS."""
    since: int | None = None
    """What stands for {time}, Unix ms."""
    missed: Missed | None = None


def status_bar(line: LineNow, copy: CopyNow | None, channel: ChannelId | None = None) -> StatusBar:
    """What is to be said on a page; `copy` where it is one of a session, `channel` where it shows one of its texts."""
    missed = None if copy is None or copy.filling else copy.missed
    if copy is not None and copy.stopped:
        return StatusBar(kind="stopped", missed=missed)
    if line.state is not UplinkStatus.GOOD:
        return StatusBar(kind=line.state.value, since=line.since, missed=missed)
    if copy is not None and channel is not None and copy.texts and channel not in copy.texts:
        return StatusBar(kind="absent")
    if not line.storing:
        return StatusBar(kind="full", missed=missed)
    if copy is not None and copy.filling:
        return StatusBar(kind="filling")
    if copy is not None and copy.checking:
        return StatusBar(kind="checking", missed=missed)
    return StatusBar(kind="good", missed=missed)


LineOf = Callable[[], LineNow]
CopyOf = Callable[[SessionId], CopyNow | None]
"""How the copy of a session stands; None where there is none."""
