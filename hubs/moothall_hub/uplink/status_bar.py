"""The status of the uplink in one sentence, and what was missed, as every page of a hub shows it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import ChannelId, SessionId

MISSED_MS = 60_000
"""A missed span shorter than this many ms is not announced: it is only a few lines above the newest."""


class UplinkStatus(StrEnum):
    """The uplink's status as readers see it."""

    UNPAIRED = "unpaired"
    """The hub was not paired with any meeting yet."""
    BEGINNING = "beginning"
    """The hub was just started and is not connected yet."""
    GOOD = "good"
    DOWN = "down"
    FENCED = "fenced"
    """Another machine speaks for this hub now."""
    REFUSED = "refused"
    """The server above refuses the hub until somebody does something."""


class UplinkNow(msgspec.Struct, frozen=True, kw_only=True):
    """The uplink's present status."""

    state: UplinkStatus
    since: int | None = None
    """Since when it has this status, in Unix ms of the centre's clock; None where that is not known."""
    reason: str = ""
    """Why the server above refuses, as a sentence in English; empty otherwise."""
    storing: bool = True
    """Whether this computer's disk can store what the uplink brings."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A span of a session that arrived after later lines."""

    begin: int
    """Media ms at which its first line begins."""
    end: int
    """Media ms at which its last line ends."""

    @property
    def minutes(self) -> int:
        """Its length in minutes, at least 1."""
        return max(1, round((self.end - self.begin) / 60_000))


class CopyNow(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a session's copy, as its readers see it."""

    filling: bool = False
    """Whether missed events are still being fetched."""
    checking: bool = False
    """Whether events are not yet vouched for, for longer than the next signature takes."""
    stopped: bool = False
    """Whether something was received that differs from what was written; nothing more is accepted."""
    missed: Missed | None = None
    """The last span that arrived late and is long enough to be announced; None: there is none."""
    texts: frozenset[ChannelId] = frozenset()
    """The channels that are sent; empty: it is not known yet which."""


MISSED = "You missed {n} minute."
"""A text with plural forms."""
READ, SKIP = "Read it", "Skip it"


class StatusBar(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the status bar."""

    kind: str
    """A key of HUB_LINE, which has the sentences."""
    since: int | None = None
    """The time in place of {time}, in Unix ms."""
    missed: Missed | None = None


def status_bar(uplink: UplinkNow, copy: CopyNow | None, channel: ChannelId | None = None) -> StatusBar:
    """Decide what a page's status bar says. `copy` is that of the page's session, `channel` the text that it shows."""
    missed = None if copy is None or copy.filling else copy.missed
    if copy is not None and copy.stopped:
        return StatusBar(kind="stopped", missed=missed)
    if uplink.state is not UplinkStatus.GOOD:
        return StatusBar(kind=uplink.state.value, since=uplink.since, missed=missed)
    if copy is not None and channel is not None and copy.texts and channel not in copy.texts:
        return StatusBar(kind="absent")
    if not uplink.storing:
        return StatusBar(kind="full", missed=missed)
    if copy is not None and copy.filling:
        return StatusBar(kind="filling")
    if copy is not None and copy.checking:
        return StatusBar(kind="checking", missed=missed)
    return StatusBar(kind="good", missed=missed)


UplinkOf = Callable[[], UplinkNow]
CopyOf = Callable[[SessionId], CopyNow | None]
"""Gives the state of a session's copy; None where there is none."""
