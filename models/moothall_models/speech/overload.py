"""What an engine can carry, and whose pass goes first.

Both are reckoned from measured passes. What happens to a channel when there is too much of it stands in `schedule`:
first the passes that can only show and not commit are left out, then there are fewer of the others.
"""

from __future__ import annotations

import msgspec

FULL = 0.8
"""Share of the workers' time that may be taken: the rest is for the server, for voice detection and for chance."""
SPOKEN = 0.75
"""Share of a meeting's time in which frames of speech come: 0.68 to 0.74 where people speak without a break."""
LOWERED = 2
"""So many times as many channels fit with fewer passes. With steps of 2 s instead of 0.48 s there are a quarter of the
passes, each over a window that is longer by half (docs/why/speech.md)."""
GUESSED = 3
"""Channels a worker until passes have been measured: Whisper base with one core of a server's."""
LEAST_SPEECH = 20_000
"""Speech, ms, that has to be measured before the guess is given up."""
HALF_LIFE = 120_000
"""Speech, ms, after which a measurement counts half."""
PROMPT = 150
"""A pass that waited longer, ms, was one of too many: its channel has fewer of them then, and looks cheap."""
LATE, TOO_LATE = 2_500, 8_000
"""With text so late, ms, no further channel fits in time, or none at all."""
LATEST = 1_000
"""A pass counts as no more overdue than this, ms, when it is asked for."""


class Headroom(msgspec.Struct, frozen=True):
    """What fits beside what is there."""

    channels: int
    """How many more live channels, with text as quick as it should be; below 0 when there are too many for that."""
    most: int
    """How many more when text may be some seconds late; not fewer than `channels`."""


def due(asked: float, deadline: int, media: int) -> float:
    """When a pass should be done, on the clock of `asked`; among the channels of an engine the earliest goes first.

    `deadline` and `media`, what is being said now, are media ms of the channel: each has its own beginning, so only
    the difference can be compared. A pass counts as at most `LATEST` overdue. So the latest goes first, and yet
    none is passed over for longer than the patience of a pass and `LATEST` (tests/property): a channel with a long
    backlog can't keep those waiting that have none.
    """
    return asked + max(deadline - media, -LATEST)


def shared(ready: int, workers: int, at_once: int) -> int:
    """How many of the passes that are ready one of the free workers takes on together, `at_once` at most.

    No more than its share: while a worker is free, one pass by itself is done sooner.
    """
    return min(at_once, -(-ready // workers))


class _Share:
    """Time that passes ran for each ms of speech, the newest counting most."""

    def __init__(self) -> None:
        self._speech = 0.0
        self._ran = 0.0

    def add(self, ran: float, speech: float) -> None:
        fade = 0.5 ** (speech / HALF_LIFE)
        self._ran = self._ran * fade + ran
        self._speech = self._speech * fade + speech

    def channels(self, workers: int) -> int | None:
        """How many channels fit on so many workers, one at least; None while too little is known."""
        if self._speech < LEAST_SPEECH:
            return None
        return max(1, int(FULL * workers * self._speech / (SPOKEN * max(self._ran, 1.0))))


class Load:
    """How much of the workers' time a second of speech takes."""

    def __init__(self, workers: int, at_most: int | None = None) -> None:
        """`workers`: passes at a time. `at_most`: channels that the engine's operator allows."""
        self._workers = workers
        self._at_most = at_most
        self._prompt = _Share()
        self._all = _Share()

    def passed(self, ran: float, waited: float, speech: float) -> None:
        """A pass ran for `ran` ms, `waited` so long before, and with it `speech` ms of its channel were new."""
        self._all.add(ran, speech)
        if waited <= PROMPT:
            self._prompt.add(ran, speech)

    def room(self, attached: int, lag: int) -> Headroom:
        """What fits beside `attached` channels of which the latest is `lag` ms late."""
        fits = self._prompt.channels(self._workers) or GUESSED * self._workers
        # Where all have to wait they have fewer passes: that flatters, so it counts only where it says that less fits.
        fits = min(fits, self._all.channels(self._workers) or fits)
        most = LOWERED * fits
        if self._at_most is not None:
            fits, most = min(fits, self._at_most), min(most, self._at_most)
        channels = fits - attached if lag < LATE else min(0, fits - attached)
        return Headroom(channels, max(0, most - attached) if lag < TOO_LATE else 0)
