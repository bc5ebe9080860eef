"""Which language an utterance may be in, and whether what is said sounds like a language that is expected."""

from __future__ import annotations

from collections import defaultdict
from math import log

from moothall.core.kernel.languages import primary
from moothall_models.ports import Hypothesis
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

LEAST = 0.01
"""Odds below this are not told apart."""
USUAL = 3_000
"""Sound that counts for one whole step of evidence, ms."""


class LanguageChoice:
    """Stays with the last language unless another is clearly heard, or heard in two utterances in a row."""

    def __init__(
        self, languages: tuple[str, ...], last: str | None, settings: SpeechSettings, suspect: str | None = None
    ) -> None:
        """`last` and `suspect` as an earlier choice had them, None at the beginning."""
        self._languages = languages
        self._last = last if last in languages else None
        self._suspect = suspect
        self._settings = settings

    @property
    def last(self) -> str | None:
        """The language spoken last."""
        return self._last

    @property
    def suspect(self) -> str | None:
        """Another language that the last utterance may have been in."""
        return self._suspect

    def offer(self, utterance: Utterance) -> tuple[tuple[str, ...], float]:
        """What to ask of the recogniser: `languages` and `switch_p` of the window.

        Another language than the last is taken when it is clearly heard, when the last utterance may have been in it,
        or when two passes over this utterance find it; once words of the utterance stand, only when clearly heard.
        """
        stay = utterance.language or self._last
        if stay is None:
            return self._languages, 0.0
        others = tuple(language for language in self._languages if language != stay)
        if utterance.language is None and (self._suspect is not None or self.doubtful(utterance)):
            return (stay, *others), 0.0
        return (stay, *others), self._settings.switch_p

    def doubtful(self, utterance: Utterance) -> bool:
        """Whether the last pass over an utterance was decoded in another language than it detected."""
        found = utterance.spoken.likeliest
        return utterance.language is None and found is not None and found != utterance.spoken.language

    def settle(self, hypothesis: Hypothesis) -> None:
        """Words of an utterance were committed, in the language of this hypothesis."""
        self._last = hypothesis.language
        if hypothesis.likeliest is not None:
            self._suspect = hypothesis.likeliest if hypothesis.likeliest != hypothesis.language else None


class Expected:
    """Adds up how much it sounds like other languages than those that are expected.

    Evidence for each other language is added up over the windows that are heard, and never falls below nothing (a
    one-sided CUSUM; E. S. Page, Continuous Inspection Schemes, 1954): one odd window tells nothing, several in a row
    do. Numbers: `docs/why/speech.md`.
    """

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
