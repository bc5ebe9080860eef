"""Which sound ends the engines that hear it, so that the text goes on behind it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from moothall.services.supervision.pulses import Fate

DEATHS = 2
"""Engines that broke down or hung at one position, after which its sound is stepped over."""
KILLS = 5
"""And engines that were killed there: an operator may do so, or the system when its memory is full."""
AT_LEAST_MS = 1_000
"""What is stepped over, at least: an engine may have ended before it said how far it had heard."""


class Deaths:
    """Of one channel's engines, at the newest position only."""

    def __init__(self) -> None:
        self._position = -1
        self._heard: int | None = None
        # Overflow: the position's deaths are forgotten when its sound is stepped over, after KILLS at the latest.
        self._lives: list[str] = []

    def note(self, life: str, position: int, heard: int) -> None:
        """An engine ended with a pass of the channel under way.

        `position`: media ms up to which all had been said; `heard`: up to which that engine had heard.
        """
        if position != self._position:
            self._position, self._heard, self._lives = position, None, []
        self._lives.append(life)
        if heard > position:
            self._heard = heard if self._heard is None else min(self._heard, heard)

    def deadly(self, position: int, fate: Callable[[str], Fate | None]) -> tuple[int, int] | None:
        """From where to where (media ms) sound at `position` is to be stepped over; None when it isn't."""
        if position != self._position:
            return None
        fates = [fate(life) for life in self._lives]
        own = sum(each in (Fate.GIVEN_UP, Fate.CRASHED) for each in fates)
        if own < DEATHS and own + fates.count(Fate.KILLED) < KILLS:
            return None
        return position, max(self._heard or 0, position + AT_LEAST_MS)

    def forget(self) -> None:
        """Begin anew: the sound was stepped over."""
        self._position, self._heard, self._lives = -1, None, []
