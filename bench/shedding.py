"""Counts what readers of many sessions received, by the announced latency: shows what an engine
under load leaves out first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from moothall.core.events.lines import WordsCommitted
from moothall.core.events.types import GapNoted
from moothall.core.kernel.ids import SessionId
from moothall.core.signals import ChannelState, Partial
from moothall.services.log.publication import Publication
from scoring import Result, markdown

BOUNDS_MS = (1_000, 2_000, 4_000, 8_000, 16_000)
"""Upper bounds of the classes of latency; the last class has none."""
MINUTE = 60_000.0
SLACK_S = 3.0
"""How much later than announced a word may be: one pass, its wait, and the second between two reports."""
JITTER_S = 0.5
"""How much later than in a session by itself a word may be, whatever was announced. A line that the engine corrected is
late by that much, and the other sessions don't cause it.
"""
LOST_SHARE = 0.01
"""The share of spoken words that may be lost: single runs of one model differ by as much."""


class Class(NamedTuple):
    """What was published while the announced latency was in one class."""

    ms: float = 0.0
    """The duration of that, summed over all sessions."""
    partials: int = 0
    commits: int = 0
    words: int = 0


class Shedding:
    """Counts what is published in all sessions of a server."""

    def __init__(self) -> None:
        self.lag: dict[SessionId, int] = {}
        """The greatest announced latency of each session, in ms."""
        self.gaps: dict[SessionId, int] = {}
        self.classes = [Class()] * (len(BOUNDS_MS) + 1)
        self._now: dict[SessionId, tuple[float, int]] = {}
        """For each session the time of its last publication, and the latency announced then."""

    def seen(self, session: SessionId, publication: Publication, now: float) -> None:
        """Count what is published at `now` (any clock, ms)."""
        before, lag = self._now.get(session, (now, 0))
        self._add(lag, ms=now - before)
        for event in publication.events:
            if isinstance(event, WordsCommitted):
                self._add(lag, commits=1, words=len(event.words))
            elif isinstance(event, GapNoted):
                self.gaps[session] = self.gaps.get(session, 0) + 1
        for signal in publication.signals:
            if isinstance(signal, Partial) and signal.text:
                self._add(lag, partials=1)
            elif isinstance(signal, ChannelState):
                lag = signal.lag
                self.lag[session] = max(self.lag.get(session, 0), lag)
        self._now[session] = (now, lag)

    def _add(self, lag: int, *, ms: float = 0, partials: int = 0, commits: int = 0, words: int = 0) -> None:
        number = sum(lag >= bound for bound in BOUNDS_MS)
        had = self.classes[number]
        self.classes[number] = Class(had.ms + ms, had.partials + partials, had.commits + commits, had.words + words)

    def table(self) -> str:
        """Return a table of the publications a minute of one session, by class; partials should become
        fewer first, words never.
        """
        names = ["below 1 s", *(f"{a // 1000}-{b // 1000} s" for a, b in pairwise(BOUNDS_MS))]
        head = ("announced late", "minutes", "partials a min", "commits a min", "words a commit", "words a min")
        rows = [
            (
                name,
                f"{each.ms / MINUTE:.1f}",
                *(f"{n * MINUTE / each.ms:.0f}" if each.ms else "-" for n in (each.partials, each.commits)),
                f"{each.words / each.commits:.1f}" if each.commits else "-",
                f"{each.words * MINUTE / each.ms:.0f}" if each.ms else "-",
            )
            for name, each in zip([*names, f"{BOUNDS_MS[-1] // 1000} s and more"], self.classes, strict=True)
            if each.ms or each.words
        ]
        return markdown(head, rows)


def disorder(results: Sequence[tuple[str, Result]], alone: Result | None, gaps: int) -> list[str]:
    """Return each sign that sessions disturbed one another as a sentence; `alone` is the result
    of one session by itself.

    Each result holds the greatest announced latency as `announced` (s), and each word's latency as `_commit` (s).
    """
    wrong = []
    if gaps:
        wrong.append(f"{gaps} gaps were noted: sound was lost.")
    if alone is not None:
        lost = sum(result["never_shown"] - alone["never_shown"] for _, result in results)
        said = sum(result["ref_words"] for _, result in results)
        if lost > LOST_SHARE * said:
            wrong.append(f"{lost} of {said} words were never shown that one session alone shows.")
    for name, result in results:
        latest = max(result.get("_commit", [0.0]))
        by_itself = max(alone.get("_commit", [0.0])) + JITTER_S if alone is not None else 0.0
        if latest > max(result["announced"] + SLACK_S, by_itself):
            late = f"{latest:.1f} s late, and {result['announced']:.1f} s were announced"
            wrong.append(f"In {name} a word was {late} at most.")
    return wrong
