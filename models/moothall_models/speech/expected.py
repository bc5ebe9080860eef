"""Whether what is said sounds like a language that is expected.

Evidence for each other language is added up over the windows that are heard, and never falls below nothing (a one-sided
CUSUM; E. S. Page, Continuous Inspection Schemes, 1954): one odd window tells nothing, several in a row do. Numbers:
`docs/why/speech.md`.
"""

from __future__ import annotations

from collections import defaultdict
from math import log

from moothall.core.kernel.languages import primary
from moothall_models.ports import Hypothesis
from moothall_models.speech.settings import SpeechSettings

LEAST = 0.01
"""Odds below this are not told apart."""
USUAL = 3_000
"""Sound that counts for one whole step of evidence, ms."""


class Expected:
    """Adds up how much it sounds like other languages than those that are expected."""

    def __init__(self, languages: tuple[str, ...], settings: SpeechSettings) -> None:
        self._own = {primary(tag) for tag in languages}
        self._settings = settings
        self._evidence: defaultdict[str, float] = defaultdict(float)
        self._through = 0
        self.instead: str | None = None
        """The language (BCP-47) that it sounds like, when that isn't an expected one; None when all seems well."""

    def hear(self, start: int, edge: int, hypothesis: Hypothesis) -> None:
        """A window from media ms `start` to `edge` was heard; what was counted before isn't counted again."""
        fresh = edge - max(start, self._through)
        if not hypothesis.odds or not hypothesis.words or fresh < self._settings.unlike_step:
            return
        self._through = edge
        weight = min(2.0, fresh / USUAL)
        odds = dict(hypothesis.odds)
        own = sum(p for tag, p in odds.items() if tag in self._own)
        for tag in (odds.keys() | self._evidence.keys()) - self._own:
            step = log(odds.get(tag, 0.0) + LEAST) - log(own + LEAST)
            most = self._settings.unlike_most
            evidence = self._evidence[tag] + weight * max(-most, min(most, step))
            self._evidence[tag] = max(0.0, min(1.5 * self._settings.unlike_at, evidence))
        likeliest = max(self._evidence, key=lambda tag: self._evidence[tag], default=None)
        if likeliest is not None and self._evidence[likeliest] >= self._settings.unlike_at:
            self.instead = likeliest
        elif self.instead is not None and self._evidence[self.instead] < self._settings.unlike_over:
            self.instead = None
