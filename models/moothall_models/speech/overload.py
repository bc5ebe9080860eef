"""How many channels an engine can carry, and in which order its channels' passes run.

The capacity is computed from measured passes. `schedule` reduces the passes of an overloaded channel: first it leaves
out passes that could only show words and commit none, then it makes the others rarer.
"""

from __future__ import annotations

import msgspec

FULL = 0.8
"""Share of the workers' time that may be used; the rest is left for the server, voice detection and fluctuations."""
SPOKEN = 0.75
"""Share of speech in a meeting's time: 0.68 to 0.74 was measured where people speak without a break."""
LOWERED = 2
"""How many times as many channels fit when passes are rarer. With steps of 2 s instead of 0.48 s there are a quarter of
the passes, each over a window that is longer by half (docs/why/speech.md)."""
GUESSED = 3
"""Channels per worker that are assumed before enough passes were measured: those of Whisper base on a server's core."""
LEAST_SPEECH = 20_000
"""Speech that has to be measured before the assumption is replaced, ms."""
HALF_LIFE = 120_000
"""Speech after which a measurement counts half, ms."""
PROMPT = 150
"""Longest wait of a pass that counts as prompt, ms. A longer wait is a sign of overload, in which channels have fewer
passes and therefore seem cheaper than they are."""
LATE, TOO_LATE = 2_500, 8_000
"""Delays of the text, ms: from the first on no further channel fits without delay, from the second on none at all."""
LATEST = 1_000
"""By how much a pass counts as overdue at most when it is requested, ms."""


class Headroom(msgspec.Struct, frozen=True):
    """How many more channels an engine can carry."""

    channels: int
    """How many more live channels fit without delay of their text; below 0 when there are too many."""
    most: int
    """How many more live channels fit when text may be some seconds late; not fewer than `channels`."""


def due(asked: float, deadline: int, media: int) -> float:
    """The time at which a pass should be done, on the clock of `asked`; the earliest pass of an engine runs first.

    `deadline` and `media`, the current media time, are media ms of the channel. Each channel's media time has its own
    origin, so only their difference is used. A pass counts as at most `LATEST` ms overdue. So the most overdue pass
    runs first, and yet no pass is postponed for longer than `passes.PATIENCE` and `LATEST` (tests/property): a channel
    with a long backlog can't hold up channels without one.
    """
    return asked + max(deadline - media, -LATEST)


def shared(ready: int, workers: int, at_once: int) -> int:
    """How many of the `ready` passes one of the free `workers` should run together, at most `at_once`.

    A worker takes only its share, since two passes finish sooner on two workers than together on one.
    """
    return min(at_once, -(-ready // workers))


class _Share:
    """Computing time per ms of speech, as an average in which newer passes count more."""

    def __init__(self) -> None:
        self._speech = 0.0
        self._ran = 0.0

    def add(self, ran: float, speech: float) -> None:
        fade = 0.5 ** (speech / HALF_LIFE)
        self._ran = self._ran * fade + ran
        self._speech = self._speech * fade + speech

    def channels(self, workers: int) -> int | None:
        """How many channels fit on so many workers, at least one; None while too little speech was measured."""
        if self._speech < LEAST_SPEECH:
            return None
        return max(1, int(FULL * workers * self._speech / (SPOKEN * max(self._ran, 1.0))))


class Load:
    """Measures the computing time of passes, and estimates from it how many channels fit."""

    def __init__(self, workers: int, at_most: int | None = None) -> None:
        """`workers`: passes that run at a time. `at_most`: channels that the operator allows; None: any number."""
        self._workers = workers
        self._at_most = at_most
        self._prompt = _Share()
        self._all = _Share()

    def passed(self, ran: float, waited: float, speech: float) -> None:
        """Record a pass that waited for `waited` ms, ran for `ran` ms, and heard `speech` ms of new speech."""
        self._all.add(ran, speech)
        if waited <= PROMPT:
            self._prompt.add(ran, speech)

    def room(self, attached: int, lag: int) -> Headroom:
        """How many channels fit beside `attached` channels, of which the slowest is `lag` ms late."""
        fits = self._prompt.channels(self._workers) or GUESSED * self._workers
        # Passes that had to wait make channels seem cheaper, so an estimate with them may only lower the result.
        fits = min(fits, self._all.channels(self._workers) or fits)
        most = LOWERED * fits
        if self._at_most is not None:
            fits, most = min(fits, self._at_most), min(most, self._at_most)
        channels = fits - attached if lag < LATE else min(0, fits - attached)
        return Headroom(channels, max(0, most - attached) if lag < TOO_LATE else 0)
