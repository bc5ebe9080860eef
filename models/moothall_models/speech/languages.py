"""The choice of an utterance's language, and the detection of speech in an unexpected language."""

from __future__ import annotations

from collections import defaultdict
from math import log

import msgspec

from moothall.core.kernel.languages import primary
from moothall_models.ports import Hypothesis
from moothall_models.speech import confidence
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

LEAST = 0.01
"""Added to each probability before its logarithm, so that probabilities below this make little difference."""
USUAL = 3_000
"""Duration of new sound whose evidence has weight 1, ms."""


class LanguageChoice:
    """Keeps the language of the words before unless those of a pass are surer in another one.

    The detector hears less of a window than the decoder, and takes noise, names and accents for other languages. Words
    that are decoded in a language in which they were not said are improbable.
    """

    def __init__(self, languages: tuple[str, ...], last: str | None, settings: SpeechSettings) -> None:
        """`last`: that of the previous engine's choice; None at the beginning."""
        self._languages = languages
        self._expected = {primary(language) for language in languages}
        self._last = last if last in languages else None
        self._settings = settings

    @property
    def last(self) -> str | None:
        """The language spoken last."""
        return self._last

    def offer(self, utterance: Utterance) -> tuple[tuple[str, ...], float]:
        """The `languages` and the `switch_p` of the next window of an utterance.

        The first of them is that of the words before. Once words of the utterance are committed, the recogniser changes
        the language only when it clearly detects another.
        """
        if utterance.in_context:
            return (utterance.spoken.language,), 0.0
        stay = self._stay(utterance)
        if stay is None:
            return self._languages, 0.0
        others = tuple(language for language in self._languages if language != stay)
        return (stay, *others), 0.0 if utterance.language is None else self._settings.switch_p

    def rival(self, utterance: Utterance, hypothesis: Hypothesis) -> str | None:
        """The language in which a window of an utterance has to be decoded too, since its hypothesis is in another one
        than the words before; None when it needn't be.

        The words of a `vague` recogniser don't say in which language they are surer.
        """
        stay = self._stay(utterance)
        comparable = bool(hypothesis.words) and not hypothesis.vague
        return stay if comparable and stay != hypothesis.language else None

    def _stay(self, utterance: Utterance) -> str | None:
        """The language of the words before: the utterance's own, or else those that were committed last."""
        return utterance.language or (utterance.spoken.language if utterance.unconfirmed else self._last)

    def surer(self, detected: Hypothesis, other: Hypothesis) -> Hypothesis:
        """The surer of two hypotheses of the same window: in the language that was detected, and in its rival.

        A single word proves nothing, so there the detected language must be clear, too. A pass over the rival that got
        no answer proves nothing either.
        """
        proved = confidence.surer(detected.words, other.words) and (len(detected.words) > 1 or self._clear(detected))
        if proved or other.passed_over:
            return detected
        return msgspec.structs.replace(other, likeliest=detected.likeliest, odds=detected.odds)

    def _clear(self, hypothesis: Hypothesis) -> bool:
        """Whether of the expected languages that of a hypothesis is by far the likeliest."""
        odds = {tag: p for tag, p in hypothesis.odds if tag in self._expected}
        return odds.get(primary(hypothesis.language), 0.0) >= self._settings.switch_p * sum(odds.values())

    def doubtful(self, utterance: Utterance) -> bool:
        """Whether the last pass over an utterance was decoded in another language than it detected."""
        found = utterance.spoken.likeliest
        return utterance.language is None and found is not None and found != utterance.spoken.language

    def changes(self, utterance: Utterance) -> bool:
        """Whether the words of an utterance, none of which is committed, are in another language than those before."""
        return utterance.language is None and self._last not in (None, utterance.spoken.language)

    def settle(self, hypothesis: Hypothesis) -> None:
        """Take over the language of a hypothesis whose words were committed."""
        self._last = hypothesis.language


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
