"""Whether whoever is on air has gone silent: their link is gone and nothing comes without it, or others speak and they
write nothing. And what is known of the sound of which nobody has written anything.

Times are ms of one clock that only runs forward.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

GONE_MS = 3_000
"""How long the link may be away: less, and a page was only loaded anew."""
QUIET_MS = 8_000
"""How long nothing may be written while somebody speaks."""
PAUSE_MS = 3_000
"""Speech with a shorter pause goes on."""
FIRST_MS = 15_000
"""How long a link may take to come, where none was there yet: after a restart pages come back one after another."""


class Silence(StrEnum):
    """Why nothing is written."""

    GONE = "gone"
    """The link is away, and nothing has come since."""
    QUIET = "quiet"
    """Somebody speaks, and nothing is written."""


class HolderSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen of one holder of a channel's air."""

    since: int
    """Since when they are on air, or were first watched."""
    came: bool = False
    """Whether their link was there at all."""
    gone: int | None = None
    """Since when it has been away."""
    written: int
    """When they last wrote, be it a letter; `since` before that."""
    speech: tuple[int, int] | None = None
    """When the speech of now began, and when it was last heard."""

    @classmethod
    def at(cls, now: int) -> HolderSigns:
        """Of somebody who is on air from now on."""
        return cls(since=now, written=now)

    def seen(self, now: int, *, here: bool | None) -> HolderSigns:
        """Their link is `here` or not; None where it needs none, as of a tool that calls for each line."""
        if here is not False:
            return msgspec.structs.replace(self, came=self.came or here is True, gone=None)
        if self.gone is not None:
            return self
        first = now if self.came else max(now, self.since + FIRST_MS - GONE_MS)
        return msgspec.structs.replace(self, gone=first)

    @property
    def _writes_without(self) -> bool:
        """Whether they have written something since their link was away, or with none at all."""
        away = self.gone if self.came else self.since
        return away is not None and self.written > away

    def wrote(self, now: int) -> HolderSigns:
        """They wrote something."""
        return msgspec.structs.replace(self, written=now)

    def heard(self, now: int, *, speech: bool) -> HolderSigns:
        """Somebody speaks or doesn't."""
        if not speech:
            return self
        goes_on = self.speech is not None and now - self.speech[1] < PAUSE_MS
        began = self.speech[0] if goes_on and self.speech is not None else now
        return msgspec.structs.replace(self, speech=(began, now))

    def silence(self, now: int) -> Silence | None:
        """Why nothing is written by now; None where all is well.

        Whose text comes with no link writes by posts, and has none that could be missed.
        """
        if self.gone is not None and now - self.gone >= GONE_MS and not self._writes_without:
            return Silence.GONE
        if self.speech is None or now - self.speech[1] >= PAUSE_MS:
            return None
        return Silence.QUIET if now - max(self.written, self.speech[0]) >= QUIET_MS else None


class SoundSince(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a channel's sound since somebody last wrote a line there."""

    known: int
    """Up to when it is known whether somebody spoke."""
    spoke: int | None = None
    """Since when somebody may have spoken: they did, or nothing is known. None while it is known that nobody has."""

    def passed(self, now: int) -> SoundSince:
        """Nothing is to become text just now: nobody who speaks is missed."""
        return SoundSince(known=max(now, self.known), spoke=self.spoke)

    def through(self, now: int, *, speech: bool) -> SoundSince:
        """Somebody spoke just now, or didn't."""
        first = speech or now - self.known >= PAUSE_MS
        spoke = self.known if self.spoke is None and first else self.spoke
        return SoundSince(known=max(now, self.known), spoke=spoke)
