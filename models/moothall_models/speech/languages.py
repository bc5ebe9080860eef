"""The choice of an utterance's language, and the detection of speech in an unexpected language."""

from __future__ import annotations

from collections import defaultdict
from math import log

from moothall.core.kernel.languages import primary
from moothall_models.ports import Hypothesis
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

LEAST = 0.01
"""Added to each probability before its logarithm, so that probabilities below this make little difference."""
USUAL = 3_000
"""Duration of new sound whose evidence has weight 1, ms."""


class LanguageChoice:
    """Keeps the last language unless another is clearly detected, or detected in two utterances in a row."""

    def __init__(
        self, languages: tuple[str, ...], last: str | None, settings: SpeechSettings, suspect: str | None = None
    ) -> None:
        """`last` and `suspect`: those of the previous engine's choice; None at the beginning."""
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
        """The `languages` and the `switch_p` of the next window of an utterance.

        They make the recogniser change the language when another one is clearly detected, when the last utterance may
        have been in another one, or when two passes over this utterance detect it; once words of the utterance are
        committed, only when it is clearly detected.
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
        """Take over the language of a hypothesis whose words were committed."""
        self._last = hypothesis.language
        if hypothesis.likeliest is not None:
            self._suspect = hypothesis.likeliest if hypothesis.likeliest != hypothesis.language else None


class Expected:
    """Detects speech in a language that isn't expected.

    For each unexpected language, evidence is summed over the windows and never falls below 0 (a one-sided CUSUM; E. S.
    Page, Continuous Inspection Schemes, 1954), so that one odd window has no effect, and several in a row have. The
    numbers are explained in `docs/why/speech.md`.
    """

    def __init__(self, languages: tuple[str, ...], settings: SpeechSettings) -> None:
        self._own = {primary(tag) for tag in languages}
        self._settings = settings
        self._evidence: defaultdict[str, float] = defaultdict(float)
        self._through = 0
        self.instead: str | None = None
        """The unexpected language (BCP-47) that the speech sounds like; None when it sounds as expected."""

    def hear(self, start: int, edge: int, hypothesis: Hypothesis) -> None:
        """Take in the hypothesis of a window from media ms `start` to `edge`; only its new sound counts as evidence."""
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
