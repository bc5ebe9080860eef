"""How the passes of `simulate_sessions.py` are heard, and what they cost: by a real model, or as the reference's words
at a price.

A pass of the second kind takes no time to compute, so an hour of fourteen rooms is simulated in a minute. Its words are
those of the reference of which most lies in the window: nothing is misheard, and two passes always agree. So it shows
who waits how long, and not how many words are wrong.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec

from kept_passes import KeptPasses
from looped import Round
from moothall_models.engine.session import NextPass
from moothall_models.ports import RATE, HeardWord, Hypothesis, Recognizer
from moothall_models.recognizers.scripted import SURE, UNSURE
from moothall_models.speech.schedule import Stage
from simulate_speech import CpuClock

DOUBTED = 10
"""Of so many words the model is in doubt of one."""
WHOLE = 0.6
"""Share of a word that a window must hold for the word to be heard, as of the scripted recogniser."""


class Price(msgspec.Struct, frozen=True):
    """What a pass costs, in CPU ms of one core. Fitted to the passes of Whisper base (bench/README.md)."""

    window: float
    """Of any window."""
    second: float
    """For each second of its sound."""
    word: float
    """For each word that is not in its draft."""
    search: float
    """For the searches of a pass that may search, on average."""
    review: float
    """Of a better pass, instead of all that."""
    together: tuple[float, ...]
    """What a pass costs in a batch of 1, 2, 3 and 4, as a share of what it costs by itself."""


class Hearing(Protocol):
    """Hears batches of passes."""

    at_once: int
    """Most passes of a batch."""

    def hear(self, turns: Sequence[NextPass]) -> tuple[float, Sequence[Hypothesis]]:
        """CPU ms that the batch takes, and the hypothesis of each of its passes."""
        ...


class RealPasses:
    """A model's passes, at the CPU time that each batch takes now."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self.at_once = recognizer.at_once

    def hear(self, turns: Sequence[NextPass]) -> tuple[float, Sequence[Hypothesis]]:
        """Run the batch."""
        before = time.process_time()
        heard = self._recognizer.recognise_all([turn.request.window for turn in turns])
        return (time.process_time() - before) * 1_000, heard


class KeptBatches:
    """A model's passes that are kept: each runs once, by itself, and a batch costs the share that `together` says."""

    def __init__(self, kept: KeptPasses, at_once: int, together: Sequence[float]) -> None:
        self._kept = kept
        self._together = together
        self.at_once = at_once

    def hear(self, turns: Sequence[NextPass]) -> tuple[float, Sequence[Hypothesis]]:
        """Look up the passes of the batch, or run them."""
        clock = CpuClock()
        began = clock.cpu
        heard = [self._kept.hear(turn.request.window, clock) for turn in turns]
        return (clock.cpu - began) * self._together[len(turns) - 1], heard


class PricedPasses:
    """The words of the reference, at a price."""

    def __init__(self, rooms: dict[int, Round], price: Price, at_once: int = 4) -> None:
        """`rooms`: what is said in each, by the number of its attachment."""
        self._price = price
        self.at_once = at_once
        self._words = {number: _words(each) for number, each in rooms.items()}
        self._length = {number: round(1_000 * each.seconds) for number, each in rooms.items()}

    def hear(self, turns: Sequence[NextPass]) -> tuple[float, Sequence[Hypothesis]]:
        """Look up the words in the windows of the batch."""
        heard = [self._hypothesis(turn) for turn in turns]
        costs = [self._cost(turn, hypothesis) for turn, hypothesis in zip(turns, heard, strict=True)]
        return sum(costs) * self._price.together[len(turns) - 1], heard

    def _cost(self, turn: NextPass, heard: Hypothesis) -> float:
        window = turn.request.window
        if window.beam > 1:
            return self._price.review
        new = max(0, len(heard.words) - len(window.draft.split()))
        price = self._price
        found = price.window + price.second * len(window.audio) / RATE + price.word * new
        return found + (price.search if window.beam else 0.0)

    def _hypothesis(self, turn: NextPass) -> Hypothesis:
        start, end = turn.request.start, turn.request.start + len(turn.request.window.audio) * 1_000 // RATE
        words, length = self._words[turn.attachment], self._length[turn.attachment]
        found: list[HeardWord] = []
        number, later = divmod(start, length)
        while (at := number * length) < end:
            first = bisect_left(words, (later - 3_000, 0, ""))
            for index, (t0, t1, text) in enumerate(words[first:], first):
                if at + t0 >= end:
                    break
                inside = min(end, at + t1) - max(start, at + t0)
                if inside >= WHOLE * max(1, t1 - t0):
                    t = (max(start, at + t0) - start, min(end, at + t1) - start)
                    found.append(HeardWord(f" {text}", *t, SURE if index % DOUBTED else UNSURE))
            number, later = number + 1, 0
        return Hypothesis(language=turn.request.window.languages[0], words=tuple(found))


def shares_of_stages(spent: Counter[Stage]) -> str:
    """A line with the share of time that rooms were at each stage."""
    whole = max(1, spent.total())
    shares = ", ".join(f"{stage.name.lower().replace('_', ' ')} {spent[stage] / whole:.1%}" for stage in Stage)
    return f"What rooms did without, share of their time: {shares}"


def _words(said: Round) -> list[tuple[int, int, str]]:
    return sorted(
        (round(1_000 * start), round(1_000 * end), text) for line in said.lines for text, start, end in line["words"]
    )
