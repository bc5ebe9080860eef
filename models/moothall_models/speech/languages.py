"""Which language an utterance may be in."""

from __future__ import annotations

from moothall_models.ports import Hypothesis
from moothall_models.speech.settings import SpeechSettings


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

    def offer(self) -> tuple[tuple[str, ...], float]:
        """What to ask of the recogniser: `languages` and `switch_p` of the window."""
        if self._last is None:
            return self._languages, 0.0
        others = tuple(language for language in self._languages if language != self._last)
        return (self._last, *others), 0.0 if self._suspect is not None else self._settings.switch_p

    def settle(self, hypothesis: Hypothesis) -> None:
        """Words of an utterance were committed, in the language of this hypothesis."""
        self._last = hypothesis.language
        if hypothesis.likeliest is not None:
            self._suspect = hypothesis.likeliest if hypothesis.likeliest != hypothesis.language else None
