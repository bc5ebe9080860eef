"""Detects that whoever is on air has gone silent: they are disconnected and send nothing, or others speak and they
write nothing. It also tracks since when somebody may have spoken of whom nothing was written.

All times are ms of one monotonic clock.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

GONE_MS = 3_000
"""How long the connection may be away, in ms; a shorter absence is a page that is being reloaded."""
QUIET_MS = 8_000
"""How long nothing may be written while somebody speaks, in ms."""
PAUSE_MS = 3_000
"""A shorter pause, in ms, does not interrupt speech."""
FIRST_MS = 15_000
"""How long a first connection may take, in ms: after a restart the pages reconnect one after another."""


class Silence(StrEnum):
    """The sign that whoever is on air has gone silent."""

    GONE = "gone"
    """They are disconnected, and have sent nothing since."""
    QUIET = "quiet"
    """Somebody speaks, and nothing is written."""


class HolderSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What has been observed of one holder of a channel's air."""

    since: int
    """Since when they have been on air, or were first watched."""
    came: bool = False
    """Whether they have been connected at all."""
    gone: int | None = None
    """Since when they have been disconnected; None while they are connected or need no connection."""
    written: int
    """When they last wrote anything, even a letter; `since` before that."""
    speech: tuple[int, int] | None = None
    """Beginning and last sign of the present speech; None before any speech."""

    @classmethod
    def at(cls, now: int) -> HolderSigns:
        """Return the signs of somebody who is on air from `now` on."""
        return cls(since=now, written=now)

    def seen(self, now: int, *, here: bool | None) -> HolderSigns:
        """Return the signs after a check of the connection: `here` says whether it is there; None: none is needed, as
        for a tool that makes a request for each line.
        """
        if here is not False:
            return msgspec.structs.replace(self, came=self.came or here is True, gone=None)
        if self.gone is not None:
            return self
        first = now if self.came else max(now, self.since + FIRST_MS - GONE_MS)
        return msgspec.structs.replace(self, gone=first)

    @property
    def _writes_without(self) -> bool:
        """Whether they have written something since they were disconnected, or without ever having been connected."""
        away = self.gone if self.came else self.since
        return away is not None and self.written > away

    def wrote(self, now: int) -> HolderSigns:
        """Return the signs after they have written something."""
        return msgspec.structs.replace(self, written=now)

    def heard(self, now: int, *, speech: bool) -> HolderSigns:
        """Return the signs after a check whether somebody speaks."""
        if not speech:
            return self
        goes_on = self.speech is not None and now - self.speech[1] < PAUSE_MS
        began = self.speech[0] if goes_on and self.speech is not None else now
        return msgspec.structs.replace(self, speech=(began, now))

    def silence(self, now: int) -> Silence | None:
        """The reason why they count as silent at `now`; None when they don't.

        A sender that writes without a connection sends posts, and has no connection that could be missed.
        """
        if self.gone is not None and now - self.gone >= GONE_MS and not self._writes_without:
            return Silence.GONE
        if self.speech is None or now - self.speech[1] >= PAUSE_MS:
            return None
        return Silence.QUIET if now - max(self.written, self.speech[0]) >= QUIET_MS else None


class SoundSince(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a channel's sound since somebody last wrote a line there."""

    known: int
    """Until when it is known whether somebody spoke."""
    spoke: int | None = None
    """Since when somebody may have spoken: they did, or it is unknown. None while it is known that nobody has."""

    def passed(self, now: int) -> SoundSince:
        """Return the state after a time of which nothing is to become text: no speaker is missed."""
        return SoundSince(known=max(now, self.known), spoke=self.spoke)

    def through(self, now: int, *, speech: bool) -> SoundSince:
        """Return the state after a check whether somebody speaks."""
        first = speech or now - self.known >= PAUSE_MS
        spoke = self.known if self.spoke is None and first else self.spoke
        return SoundSince(known=max(now, self.known), spoke=spoke)
