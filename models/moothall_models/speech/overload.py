"""How many channels an engine can carry, and in which order its channels' passes run.

The capacity is computed from measured passes, and from how much was said in each channel in the last minutes.
`schedule.Stage` has the order in which an overloaded channel is given less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

FULL = 0.8
"""Share of the workers' time that may be used; the rest is left for the server, voice detection and fluctuations."""
SPOKEN = 0.75
"""Share of speech in the time of a meeting that was not heard yet: 0.68 to 0.74 was measured where people speak without
a break."""
LEAST_SPOKEN = 0.25
"""Least share of speech that is expected of a channel: whoever was silent for minutes may speak at any time."""
SHARE_HALF_LIFE = 120_000
"""Sound after which what was said counts half, ms: a break of five minutes is seen, a pause between two speeches is
not."""
ASSUMED = 30_000
"""Sound, in ms, as much as which `SPOKEN` counts beside what was heard."""
LOWERED = 3
"""How many times as many channels fit when passes are rarer, and each hears more new sound. Simulated at a price, with
three times as many all have text that goes on within 6 s (docs/why/speech.md)."""
GUESSED = 3
"""Channels per worker that are assumed before enough passes were measured: those of Whisper base on a server's core."""
LEAST_SPEECH = 20_000
"""Speech that has to be measured before the assumption is replaced, ms."""
HALF_LIFE = 120_000
"""Speech after which a measurement counts half, ms."""
PROMPT = 150
"""Longest wait of a pass that counts as prompt, ms. A longer wait is a sign of overload or of a backlog, in which
channels have fewer passes and therefore seem cheaper than they are. So they do in wider windows, however prompt."""
SPARED = 0.75
"""Share of the channels that fit up to which an idle worker is given better passes: these take a third of what live
passes take (ADR 55), so that the rest isn't used up."""
LATE, TOO_LATE = 2_500, 8_000
"""Delays of the text, ms: from the first on no further channel fits without delay, from the second on none at all."""
LATEST = 1_000
"""By how much a pass counts as overdue at most when it is requested, ms."""
LATEST_WIDE = 30_000
"""The same for a channel of wider windows (`schedule.Stage`): so that of channels that are all late the latest goes
first, and their text is equally late."""


class Headroom(msgspec.Struct, frozen=True):
    """How many more channels an engine can carry."""

    channels: int
    """How many more live channels fit without delay of their text; below 0 when there are too many."""
    most: int
    """How many more live channels fit when text may be some seconds late; not fewer than `channels`."""


def due(asked: float, deadline: int, media: int, *, wide: bool = False) -> float:
    """The time at which a pass should be done, on the clock of `asked`; the earliest pass of an engine runs first.

    `deadline` and `media`, the current media time, are media ms of the channel. Each channel's media time has its own
    origin, so only their difference is used. A pass counts as at most `LATEST` ms overdue, or `LATEST_WIDE` where the
    channel's windows are `wide`. So the most overdue pass runs first, and yet no pass is postponed for longer than
    `passes.PATIENCE` and that (tests/property): a channel with a long backlog can't hold up channels without one.
    """
    return asked + max(deadline - media, -LATEST_WIDE if wide else -LATEST)


def shared(ready: int, workers: int, at_once: int) -> int:
    """How many of the `ready` passes one of the free `workers` should run together, at most `at_once`.

    A worker takes only its share, since two passes finish sooner on two workers than together on one.
    """
    return min(at_once, -(-ready // workers))


class SpeechShare:
    """How much of a channel's time is speech, as an average in which newer sound counts more."""

    def __init__(self) -> None:
        self._sound = 0.0
        self._speech = 0.0

    def add(self, sound: float, speech: float) -> None:
        """Note that `speech` ms of `sound` ms were speech."""
        fade = 0.5 ** (sound / SHARE_HALF_LIFE)
        self._sound = self._sound * fade + sound
        self._speech = self._speech * fade + speech

    @property
    def value(self) -> float:
        """The share to expect, from `LEAST_SPOKEN` to 1."""
        return max(LEAST_SPOKEN, (SPOKEN * ASSUMED + self._speech) / (ASSUMED + self._sound))


class _Share:
    """Computing time per ms of speech, as an average in which newer passes count more."""

    def __init__(self) -> None:
        self._speech = 0.0
        self._ran = 0.0

    def add(self, ran: float, speech: float) -> None:
        fade = 0.5 ** (speech / HALF_LIFE)
        self._ran = self._ran * fade + ran
        self._speech = self._speech * fade + speech

    def channels(self, workers: int) -> float | None:
        """How many channels of which nothing else is known fit on so many workers; None while too little speech was
        measured.
        """
        if self._speech < LEAST_SPEECH:
            return None
        return FULL * workers * self._speech / (SPOKEN * max(self._ran, 1.0))


class Load:
    """Measures the computing time of live passes, and estimates from it how many channels fit.

    Better passes don't count: they take only time that nothing else wants.
    """

    def __init__(self, workers: int, at_most: int | None = None) -> None:
        """`workers`: passes that run at a time. `at_most`: channels that the operator allows; None: any number."""
        self._workers = workers
        self._at_most = at_most
        self._prompt = _Share()
        self._all = _Share()

    def passed(self, ran: float, waited: float, speech: float, *, wide: bool = False) -> None:
        """Record a live pass that ran for `ran` ms, and heard `speech` ms of new speech. It had waited for `waited` ms
        since it was requested, or was due where its sound is late. `wide`: whether its channel has wider windows.
        """
        self._all.add(ran, speech)
        if waited <= PROMPT and not wide:
            self._prompt.add(ran, speech)

    def room(self, shares: Sequence[float], lag: int, *, idle: bool = False) -> Headroom:
        """How many channels of which nothing is known fit beside those that are attached. `shares`: how much of the
        time of each of these is speech (`SpeechShare.value`). The slowest of them is `lag` ms late. An engine that is
        `idle`, since nothing waits to be heard, has room for one more in any case: the sound of the others may have
        stopped, of which it would hear no sooner than when that goes on.
        """
        attached, taken = len(shares), sum(shares) / SPOKEN
        fits = max(1, int(self._fits))
        channels, most = _whole(fits - taken), max(_whole(LOWERED * fits - taken), int(idle))
        if self._at_most is not None:
            channels, most = min(channels, self._at_most - attached), min(most, self._at_most - attached)
        if lag >= LATE:
            channels = min(0, channels)
        return Headroom(channels, max(0, most) if lag < TOO_LATE else 0)

    def spare(self, shares: Sequence[float]) -> bool:
        """Whether live passes leave workers idle for long enough that better passes fit beside them; `shares` as above.

        This is a question of how much of the workers' time live passes take, and not of how long a single one takes: a
        slow machine with one room has time left, and a quick one with as many rooms as fit has none.
        """
        return sum(shares) / SPOKEN <= SPARED * self._fits

    @property
    def _fits(self) -> float:
        """How many channels fit of which nothing is known."""
        fits = self._prompt.channels(self._workers) or float(GUESSED * self._workers)
        # Passes that had to wait make channels seem cheaper, so an estimate with them may only lower the result.
        return min(fits, self._all.channels(self._workers) or fits)


def _whole(channels: float) -> int:
    """The whole channels in a number that may be a little too small since it was computed in floating point."""
    return math.floor(channels + 1e-9)
