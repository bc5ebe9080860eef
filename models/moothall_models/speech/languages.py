"""Which language an utterance may be in."""

from __future__ import annotations

from moothall_models.ports import Hypothesis
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance


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
        """Another one that the last utterance may have been in."""
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
        """Whether the last pass over an utterance was decoded in another language than the one that it found."""
        found = utterance.spoken.likeliest
        return utterance.language is None and found is not None and found != utterance.spoken.language

    def settle(self, hypothesis: Hypothesis) -> None:
        """Words of an utterance were committed, in the language of this hypothesis."""
        self._last = hypothesis.language
        if hypothesis.likeliest is not None:
            self._suspect = hypothesis.likeliest if hypothesis.likeliest != hypothesis.language else None
